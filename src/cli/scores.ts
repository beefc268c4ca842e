/** What a model's answers are: probabilities, or logits, which models of PyTorch's packages answer with. */
import { type KerasTensor, Model, Sequential, Tensor } from "../index.ts";

/** Layers that pass values on as they are, or in another shape. */
const PASSING: ReadonlySet<string> = new Set(["Dropout", "Flatten", "Reshape"]);
/** Layers whose last step is their activation. */
const WEIGHING: ReadonlySet<string> = new Set(["Dense", "Conv2D"]);

/** True where the last thing that a model does is to weigh its features, without an activation. */
export function answersWithLogits(output: KerasTensor): boolean {
  const { layer, inputs } = output.node;
  if (layer instanceof Model || layer instanceof Sequential) return answersWithLogits(layer.output);
  const [input] = inputs;
  const { activation } = layer.getConfig();
  const isLinear = activation === undefined || activation === null || activation === "linear";
  if (input !== undefined && (PASSING.has(layer.className) || (layer.className === "Activation" && isLinear))) {
    return answersWithLogits(input);
  }
  return WEIGHING.has(layer.className) && isLinear;
}

/** Each row of [samples, classes] as probabilities. */
export function softmax({ shape, data }: Tensor<Float32Array>): Tensor<Float32Array> {
  const classes = shape.at(-1) ?? 1;
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += classes) {
    const row = data.subarray(start, start + classes);
    const highest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = Float64Array.from(row, (value) => Math.exp(value - highest));
    const sum = powers.reduce((a, b) => a + b, 0);
    result.set(
      powers.map((value) => value / sum),
      start,
    );
  }
  return new Tensor(shape, result);
}
