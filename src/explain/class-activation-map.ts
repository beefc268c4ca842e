/** Class activation maps (Zhou et al. 2016): the last feature map, with its channels weighted by the classifier's weights. */
import { type MobileNetV2Error, valueError } from "../core/errors.ts";
import { MODEL } from "../graph/network.ts";
import { NUMBER, check } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { executorOf } from "../engine/executor-of.ts";
import { type Program, programOf } from "../graph/program.ts";
import { AveragePooling2D } from "../layers/pooling/average-pooling2d.ts";
import { Conv2D } from "../layers/convolutional/conv2d.ts";
import { Dense } from "../layers/core/dense.ts";
import { GlobalAveragePooling2D } from "../layers/pooling/global-average-pooling2d.ts";
import type { Layer } from "../layers/layer.ts";
import { Passing } from "../layers/regularization/passing.ts";
import type { BaseModel } from "../models/base-model.ts";
import { type ExplainOptions, type Explanation, classOf, heatmapOf, pictureOf, weightedSum } from "./explanation.ts";
import { pathOf, pathsOf } from "./feature-maps.ts";

/** The layers that may come after the classifier. */
const ACTIVATIONS: ReadonlySet<string> = new Set(["Activation", "Softmax"]);
/** The layers that may come between the pooling and the classifier, or after it: they keep the values and their order. */
const PASSING: ReadonlySet<string> = new Set(["Dropout", "Flatten", "Reshape"]);

/**
 * Computes the class activation map of a picture: a heat map of the regions that speak for a class. The model must end with
 * GlobalAveragePooling2D and one Dense layer, as MobileNetV2 does. No gradient is needed. As in the paper's code, the map's smallest value
 * becomes 0 and its largest 1.
 *
 * @param model the model
 * @param image one preprocessed picture, [rows, cols, channels] or [1, rows, cols, channels], as `predict` takes it
 * @throws ValueError if the model ends in another way, the picture does not fit, or there is no such class
 */
export async function classActivationMap(
  model: BaseModel,
  image: Tensor,
  options: ExplainOptions = {},
): Promise<Explanation> {
  check("classActivationMap()", "model", model, MODEL);
  checkOptions("classActivationMap()", options, { classIndex: NUMBER });
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

/** The classifier, and the feature map whose global average it takes, as a value of the program. */
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
    else if (!passes(layer) && (classifier !== undefined || !ACTIVATIONS.has(layer.className))) throw unfit(layer);
    value = input;
  }
}

function passes(layer: Layer): boolean {
  return layer instanceof Passing || PASSING.has(layer.className);
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
