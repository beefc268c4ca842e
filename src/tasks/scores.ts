/** What a model's answers are: probabilities, or logits, which models of PyTorch's packages answer with, or no numbers at all. */
import { valueError } from "../core/errors.ts";
import { check } from "../core/kinds.ts";
import type { Tensor } from "../core/tensor.ts";
import { Softmax } from "../layers/activations/softmax.ts";
import { type KerasTensor, SYMBOLIC } from "../layers/layer.ts";
import { Passing } from "../layers/regularization/passing.ts";
import { Model } from "../models/model.ts";
import { Sequential } from "../models/sequential.ts";

/** Layers that pass values on as they are, or in another shape. */
const PASSING: ReadonlySet<string> = new Set(["Dropout", "Flatten", "Reshape"]);
/** Layers whose last step is their activation. */
const WEIGHING: ReadonlySet<string> = new Set(["Dense", "Conv2D"]);

/** Whether a model's output is logits: it ends in a dense layer or a convolution without an activation. */
export function answersWithLogits(output: KerasTensor): boolean {
  check("answersWithLogits()", "output", output, SYMBOLIC);
  const { layer, inputs } = output.node;
  if (layer instanceof Model || layer instanceof Sequential) return answersWithLogits(layer.output);
  const [input] = inputs;
  const { activation } = layer.getConfig();
  const isLinear = activation === undefined || activation === null || activation === "linear";
  const passes = PASSING.has(layer.className) || layer instanceof Passing;
  if (input !== undefined && (passes || (layer.className === "Activation" && isLinear))) {
    return answersWithLogits(input);
  }
  return WEIGHING.has(layer.className) && isLinear;
}

/** Each row of [samples, classes] as probabilities. */
export function softmax(logits: Tensor<Float32Array>): Tensor<Float32Array> {
  return new Softmax().forward([logits]);
}

/** Whether an output is of probabilities: it ends in a softmax or a sigmoid. */
export function answersWithProbabilities(output: KerasTensor): boolean {
  const { layer, inputs } = output.node;
  if (layer instanceof Model || layer instanceof Sequential) return answersWithProbabilities(layer.output);
  const [input] = inputs;
  if (input !== undefined && PASSING.has(layer.className)) return answersWithProbabilities(input);
  const { activation } = layer.getConfig();
  return layer.className === "Softmax" || activation === "softmax" || activation === "sigmoid";
}

/** @throws ValueError if there is NaN or infinity among what the model answers. */
export function requireNumbers<Answer extends Pick<Tensor, "data">>(answer: Answer, model: string): Answer {
  const { data } = answer;
  let at = 0;
  while (at < data.length && Number.isFinite(data[at])) at++;
  if (at === data.length) return answer;
  throw valueError(
    `Model '${model}' answers with NaN or infinity: its weights or its input are broken, or so large that sums overflow.`,
  );
}
