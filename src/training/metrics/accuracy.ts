/** Accuracy metrics: the fraction of predictions that match the labels (keras.metrics.*Accuracy). */
import { valueError } from "../../core/errors.ts";
import { TEXT } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { integerArgument, numberArgument } from "../../layers/arguments.ts";
import { positionsOf, sameShape, toRankOf } from "../losses/loss.ts";
import { MeanMetric, type MetricOptions } from "./metric.ts";

/**
 * The fraction of output values that match a binary label: a value above `threshold` counts as 1, any other as 0. Labels are 0 or 1, and
 * have the output's shape. The option `threshold` is 0.5 by default. Default name: `binary_accuracy`.
 */
export class BinaryAccuracy extends MeanMetric {
  readonly threshold: number;

  constructor(options: MetricOptions & { readonly threshold?: number | undefined } = {}) {
    checkOptions("BinaryAccuracy", options, { name: TEXT, threshold: true });
    super(options.name ?? "binary_accuracy");
    this.threshold = numberArgument(options.threshold, "threshold", 0.5);
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    return { ...super.getConfig(), threshold: this.threshold };
  }

  protected override values(yTrue: Tensor, yPred: Tensor<Float32Array>): ArrayLike<number> {
    const target = sameShape(yTrue, yPred).data;
    const { positions, classes } = positionsOf(yPred);
    const values = new Float64Array(positions);
    for (let at = 0; at < yPred.size; at++) {
      const right = ((yPred.data[at] ?? 0) > this.threshold ? 1 : 0) === target[at];
      const i = Math.floor(at / classes);
      if (right) values[i] = (values[i] ?? 0) + 1 / classes;
    }
    return values;
  }
}

/**
 * The fraction of samples whose largest output is at the class of the one-hot label. Labels have the output's shape, [batch, …, classes].
 * Default name: `categorical_accuracy`.
 */
export class CategoricalAccuracy extends MeanMetric {
  constructor(options: MetricOptions = {}) {
    checkOptions("CategoricalAccuracy", options, { name: TEXT });
    super(options.name ?? "categorical_accuracy");
  }

  protected override values(yTrue: Tensor, yPred: Tensor<Float32Array>): ArrayLike<number> {
    const target = sameShape(yTrue, yPred).data;
    const { positions, classes } = positionsOf(yPred);
    return Uint8Array.from({ length: positions }, (_, i) =>
      argmax(target, i * classes, classes) === argmax(yPred.data, i * classes, classes) ? 1 : 0,
    );
  }
}

/**
 * The fraction of samples whose largest output is at the class of the integer label. Labels are class indices from 0, of shape [batch, …]
 * or [batch, …, 1]. Default name: `sparse_categorical_accuracy`.
 */
export class SparseCategoricalAccuracy extends MeanMetric {
  constructor(options: MetricOptions = {}) {
    checkOptions("SparseCategoricalAccuracy", options, { name: TEXT });
    super(options.name ?? "sparse_categorical_accuracy");
  }

  protected override values(yTrue: Tensor, yPred: Tensor<Float32Array>): ArrayLike<number> {
    const labels = sparseLabels(yTrue, yPred);
    const { classes } = positionsOf(yPred);
    return Uint8Array.from(labels, (label, i) => (argmax(yPred.data, i * classes, classes) === label ? 1 : 0));
  }
}

/** The options of the top-k accuracies. */
export interface TopKOptions extends MetricOptions {
  /** The number of largest outputs that the true class may be among. Default: 5, top-5 accuracy. */
  readonly k?: number | undefined;
}

abstract class TopK extends MeanMetric {
  readonly k: number;

  constructor({ name, k = 5 }: TopKOptions, defaultName: string) {
    super(name ?? defaultName);
    this.k = integerArgument(k, "k");
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    return { ...super.getConfig(), k: this.k };
  }
}

/**
 * The fraction of samples whose true class is among the `k` largest outputs. Labels are one-hot, [batch, …, classes]. Equal outputs share
 * the better rank, as in TensorFlow. Default name: `top_k_categorical_accuracy`.
 */
export class TopKCategoricalAccuracy extends TopK {
  constructor(options: TopKOptions = {}) {
    checkOptions("TopKCategoricalAccuracy", options, { name: TEXT, k: true });
    super(options, "top_k_categorical_accuracy");
  }

  protected override values(yTrue: Tensor, yPred: Tensor<Float32Array>): ArrayLike<number> {
    const target = sameShape(yTrue, yPred).data;
    const { positions, classes } = positionsOf(yPred);
    return Uint8Array.from({ length: positions }, (_, i) =>
      inTopK(yPred.data, i * classes, classes, argmax(target, i * classes, classes), this.k),
    );
  }
}

/**
 * The fraction of samples whose true class is among the `k` largest outputs. Labels are class indices from 0, of shape [batch, …] or
 * [batch, …, 1]. Equal outputs share the better rank, as in TensorFlow. Default name: `sparse_top_k_categorical_accuracy`.
 */
export class SparseTopKCategoricalAccuracy extends TopK {
  constructor(options: TopKOptions = {}) {
    checkOptions("SparseTopKCategoricalAccuracy", options, { name: TEXT, k: true });
    super(options, "sparse_top_k_categorical_accuracy");
  }

  protected override values(yTrue: Tensor, yPred: Tensor<Float32Array>): ArrayLike<number> {
    const labels = sparseLabels(yTrue, yPred);
    const { classes } = positionsOf(yPred);
    return Uint8Array.from(labels, (label, i) => inTopK(yPred.data, i * classes, classes, label, this.k));
  }
}

/** The index, relative to `from`, of the first largest of `count` values. */
export function argmax(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let c = 1; c < count; c++) {
    if ((values[from + c] ?? NaN) > (values[from + best] ?? NaN)) best = c;
  }
  return best;
}

/** TensorFlow's `in_top_k`: 1 if fewer than `k` values are larger than the label's own, else 0; always 0 if that value is not finite. */
function inTopK(values: Float32Array, from: number, count: number, label: number, k: number): number {
  const own = label < 0 || label >= count ? NaN : (values[from + label] ?? NaN);
  if (!Number.isFinite(own)) return 0;
  let larger = 0;
  for (let c = 0; c < count; c++) if ((values[from + c] ?? NaN) > own) larger++;
  return larger < k ? 1 : 0;
}

/** The integer labels, one for each position. @throws ValueError if their number is not the number of positions. */
function sparseLabels(yTrue: Tensor, yPred: Tensor): ArrayLike<number> {
  const target = yTrue.shape.length === yPred.shape.length ? yTrue : toRankOf(yTrue, yPred);
  const { positions } = positionsOf(yPred);
  if (target.size !== positions) {
    throw valueError(
      `Labels of shape ${formatShape(yTrue.shape)} and predictions of shape ${formatShape(yPred.shape)} do not fit: expected one label for each prediction.`,
    );
  }
  return target.data;
}
