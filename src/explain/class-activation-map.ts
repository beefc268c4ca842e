/** Class activation maps (Zhou et al. 2016): the last feature map, its channels weighted as the classifier weighs their means. */
import { type MobileNetV2Error, valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { executorOf } from "../engine/executor-of.ts";
import { type Program, programOf } from "../graph/program.ts";
import { AveragePooling2D } from "../layers/pooling/average-pooling2d.ts";
import { Conv2D } from "../layers/convolutional/conv2d.ts";
import { Dense } from "../layers/core/dense.ts";
import { GlobalAveragePooling2D } from "../layers/pooling/global-average-pooling2d.ts";
import type { Layer } from "../layers/layer.ts";
import type { BaseModel } from "../models/base-model.ts";
import { type ExplainOptions, type Explanation, classOf, heatmapOf, pictureOf, weightedSum } from "./explanation.ts";
import { pathOf, pathsOf } from "./feature-maps.ts";

/** What may come after the classifier's weights, and between the pooling and them: each value goes through by itself, in its order. */
const ACTIVATIONS: ReadonlySet<string> = new Set(["Activation", "Softmax"]);
const PASSING: ReadonlySet<string> = new Set(["Dropout", "Flatten", "Reshape"]);

/**
 * Where a model looked that ends with GlobalAveragePooling2D and one Dense layer, as MobileNetV2 does. No gradient is needed. The map is
 * scaled from its least to its largest value, as in the paper's code.
 *
 * @param image as `predict` takes it: [rows, cols, channels], or a batch of one
 * @throws ValueError where the model ends in another way, the picture does not fit, or there is no such class.
 */
export async function classActivationMap(
  model: BaseModel,
  image: Tensor,
  options: ExplainOptions = {},
): Promise<Explanation> {
  checkOptions("classActivationMap()", options, { classIndex: true });
  const program = programOf(model.graph);
  const { classifier, value } = headOf(program);
  const inputs = pictureOf(image, model);
  const looked = { ...program, outputs: [...program.outputs, value] };
  using executor = await executorOf(looked, { threads: model.threads });
  const [answer, activations] = await executor.run(inputs);
  if (answer === undefined || activations === undefined) throw unfit(undefined);
  const { classIndex, score } = classOf(answer, options);
  const kernel = classifier.weight("kernel").values;
  const weights = Float64Array.from(
    { length: activations.shape[3] ?? 0 },
    (_, c) => kernel[c * answer.size + classIndex] ?? NaN,
  );
  const values = weightedSum(activations, weights);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const maker = program.steps.find(({ output }) => output === value);
  const layer = maker === undefined ? "" : pathOf(maker.layer, pathsOf(model));
  return { heatmap: heatmapOf(values, low, activations.shape), classIndex, score, layer };
}

/** The classifier, and the value whose mean it weighs. */
function headOf(program: Program): { readonly classifier: Layer; readonly value: number } {
  const [answer, ...others] = program.outputs;
  let value = answer;
  let classifier: Layer | undefined;
  for (;;) {
    const step = program.steps.find(({ output }) => output === value);
    const [input, ...more] = step?.inputs ?? [];
    if (step === undefined || input === undefined || more.length > 0 || others.length > 0) throw unfit(step?.layer);
    const { layer } = step;
    if (classifier === undefined && isClassifier(layer)) classifier = layer;
    else if (classifier !== undefined && isGlobalAverage(program, layer, input)) return { classifier, value: input };
    else if (!PASSING.has(layer.className) && (classifier !== undefined || !ACTIVATIONS.has(layer.className))) {
      throw unfit(layer);
    }
    value = input;
  }
}

function isClassifier(layer: Layer): boolean {
  return (
    layer instanceof Dense || (layer instanceof Conv2D && layer.groups === 1 && layer.kernelSize.every((n) => n === 1))
  );
}

function isGlobalAverage({ shapes }: Program, layer: Layer, input: number): boolean {
  if (layer instanceof GlobalAveragePooling2D) return true;
  const [, rows, cols] = shapes[input] ?? [];
  return layer instanceof AveragePooling2D && layer.poolSize[0] === rows && layer.poolSize[1] === cols;
}

function unfit(layer: Layer | undefined): MobileNetV2Error {
  const found =
    layer === undefined ? "This model has none." : `Layer '${layer.name}' (${layer.className}) is in the way.`;
  return valueError(
    `A class activation map needs a model that ends with GlobalAveragePooling2D and one Dense layer. ${found} Grad-CAM works for any model.`,
  );
}
