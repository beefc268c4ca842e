/** What explanations have in common: a class of the model's answer, and a heat map of a layer. */
import { valueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { batchesOf } from "../graph/batches.ts";
import type { Network } from "../graph/network.ts";

export interface ExplainOptions {
  /** The class that is asked about, by its number. Default: the best of the answer. */
  readonly classIndex?: number | undefined;
}

/** Where a model looked. */
export interface Explanation {
  /** [rows, cols] of the layer, of 0 to 1: 1 where the most speaks for the class. It covers the whole picture. */
  readonly heatmap: Tensor<Float32Array>;
  readonly classIndex: number;
  /** What the model answers for the class: a probability, or a logit where it ends with those. */
  readonly score: number;
  /** The layer's path: names of nested models before its own, as in `mobilenetv2_0.35_96/out_relu`. */
  readonly layer: string;
}

/** A single picture as the model's input. @throws ValueError for more than one, or what does not fit. */
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

/** The class that was asked for, or else the best one, and its score. @throws ValueError where the answer has no such class. */
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
        : `\`classIndex\` should be a whole number of 0 to ${data.length - 1}. Received: classIndex=${classIndex}`,
    );
  }
  return { classIndex: index, score };
}

/** Σ weight × activation over the channels of each pixel. */
export function weightedSum(activations: Tensor<Float32Array>, weights: ArrayLike<number>): Float64Array {
  const channels = activations.shape[3] ?? 1;
  const sums = new Float64Array(activations.size / channels);
  for (const [i, value] of activations.data.entries()) {
    const pixel = Math.floor(i / channels);
    sums[pixel] = (sums[pixel] ?? NaN) + value * (weights[i % channels] ?? NaN);
  }
  return sums;
}

/** Values from `low` on, so that the largest is 1; all 0 where none is above it. */
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
