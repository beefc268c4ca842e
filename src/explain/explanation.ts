/** The common parts of all explanations: the explained class, and the heat map of a layer. */
import { show, valueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { batchesOf } from "../graph/batches.ts";
import type { Network } from "../graph/network.ts";

/** The options of all explanations. */
export interface ExplainOptions {
  /** The index of the class to explain. Default: the class with the highest score. */
  readonly classIndex?: number | undefined;
}

/** An explanation of a prediction: a heat map of where in the picture the model found a class. */
export interface Explanation {
  /** The heat map, with values from 0 to 1, 1 at the strongest evidence. It has the layer's [rows, cols], and covers the whole picture. */
  readonly heatmap: Tensor<Float32Array>;
  /** The index of the explained class. */
  readonly classIndex: number;
  /** The model's output for the class: a probability, or a logit if the model ends without softmax or sigmoid. */
  readonly score: number;
  /** The path of the layer: its name, after those of the models it is nested in, as in `mobilenetv2_0.35_96/out_relu`. */
  readonly layer: string;
}

/** A single picture as the model's input. @throws ValueError for more than one, or a picture that does not fit. */
export function pictureOf(image: Tensor, model: Network): readonly Tensor<Float32Array>[] {
  const inputs = batchesOf(image, model);
  const batch = inputs[0]?.shape[0];
  if (batch !== 1) {
    throw valueError(
      `One picture is explained at a time. Received a batch of ${batch}: shape=${formatShape(image.shape)}`,
    );
  }
  return inputs;
}

/** The class to explain, by default the best one, and its score. @throws ValueError if the model has no such class, or no classifier. */
export function classOf(
  answer: Tensor<Float32Array>,
  { classIndex }: ExplainOptions,
): Pick<Explanation, "classIndex" | "score"> {
  const { data, shape } = answer;
  if (shape.at(-1) !== data.length) {
    throw valueError(`The model has no classifier: it answers with features of shape ${formatShape(shape)}.`);
  }
  const index = classIndex ?? data.indexOf(data.reduce((a, b) => Math.max(a, b), -Infinity));
  const score = data[index];
  if (score === undefined) {
    throw valueError(
      classIndex === undefined
        ? "The model's answer has NaN in it: there is no best class."
        : `\`classIndex\` should be a whole number of 0 to ${data.length - 1}. Received: classIndex=${show(classIndex)}`,
    );
  }
  return { classIndex: index, score };
}

/** For each pixel, the sum over the channels of weight × activation. */
export function weightedSum(activations: Tensor<Float32Array>, weights: ArrayLike<number>): Float64Array {
  const channels = activations.shape[3] ?? 1;
  const sums = new Float64Array(activations.size / channels);
  for (const [i, value] of activations.data.entries()) {
    const pixel = Math.floor(i / channels);
    sums[pixel] = (sums[pixel] ?? NaN) + value * (weights[i % channels] ?? NaN);
  }
  return sums;
}

/** The values as a heat map [rows, cols]: `low` and below become 0, the largest becomes 1; all are 0 if none is above `low`. */
export function heatmapOf(
  values: Float64Array,
  low: number,
  [, rows = 0, cols = 0]: readonly number[],
): Tensor<Float32Array> {
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const range = high - low;
  const data = Float32Array.from(values, (value) => (range > 0 ? Math.max(value - low, 0) / range : 0));
  return new Tensor([rows, cols], data);
}
