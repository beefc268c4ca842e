/** Counts of true and false positives and negatives at thresholds (keras.src.metrics.metrics_utils), precision, recall, confusion matrix. */
import { show, valueError } from "../../core/errors.ts";
import { frozen } from "../../core/frozen.ts";
import { NUMBERS, TEXT, check, whole } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { integerArgument } from "../../layers/arguments.ts";
import { checkScored, sameShape } from "../losses/loss.ts";
import { Metric, type MetricOptions, type MetricResult, divideNoNan } from "./metric.ts";

const NEG_INF = -1e10;
/** Keras's `backend.epsilon()`. */
export const EPSILON = 1e-7;

/** A metric that counts true positives, false positives, true negatives and false negatives at each threshold; `state` has these in turn. */
export abstract class ThresholdMetric extends Metric {
  override readonly direction = "up";
  readonly thresholds: readonly number[];
  readonly #even: boolean;

  constructor(name: string, thresholds: readonly number[]) {
    super(name, thresholds.length * 4);
    this.thresholds = frozen(thresholds);
    const last = thresholds.length - 1;
    this.#even =
      thresholds.length >= 3 && thresholds.every((t, i) => Math.abs(t - i / last) <= EPSILON + 1e-5 * (i / last));
  }

  /** The counts of one kind, one for each threshold: a view of the state. */
  protected counts(kind: "tp" | "fp" | "tn" | "fn"): Float64Array {
    const size = this.thresholds.length;
    const from = ["tp", "fp", "tn", "fn"].indexOf(kind) * size;
    return this.state.subarray(from, from + size);
  }

  /** Adds values to the counts: a value above a threshold is a predicted positive, and a label other than 0 is an actual positive. */
  protected count(labels: ArrayLike<number>, values: ArrayLike<number>, weightAt: (i: number) => number): void {
    const [tp, fp, tn, fn] = [this.counts("tp"), this.counts("fp"), this.counts("tn"), this.counts("fn")];
    if (this.#even) this.#countEven(labels, values, weightAt, [tp, fp, tn, fn]);
    else {
      for (let i = 0; i < values.length; i++) {
        const weight = weightAt(i);
        const [positive, negative] = (labels[i] ?? 0) === 0 ? [fp, tn] : [tp, fn];
        for (const [t, threshold] of this.thresholds.entries()) {
          const counter = (values[i] ?? 0) > Math.fround(threshold) ? positive : negative;
          counter[t] = (counter[t] ?? 0) + weight;
        }
      }
    }
  }

  /** The same for evenly spaced thresholds: each value goes into a bucket, in time that does not depend on the number of thresholds. */
  #countEven(
    labels: ArrayLike<number>,
    values: ArrayLike<number>,
    weightAt: (i: number) => number,
    [tp, fp, tn, fn]: readonly [Float64Array, Float64Array, Float64Array, Float64Array],
  ): void {
    const size = this.thresholds.length;
    const lowest = (this.thresholds[0] ?? 0) < 0 ? 0 : -1;
    const buckets = [new Float64Array(size), new Float64Array(size)];
    const totals = [0, 0];
    for (let i = 0; i < values.length; i++) {
      const value = Math.min(1, Math.max(0, values[i] ?? 0));
      const bucket = Math.max(lowest, Math.ceil(Math.fround(Math.fround(value) * (size - 1))) - 1);
      const side = (labels[i] ?? 0) === 0 ? 0 : 1;
      const weight = weightAt(i);
      const counts = buckets[side];
      if (counts !== undefined && bucket >= 0) counts[bucket] = (counts[bucket] ?? 0) + weight;
      totals[side] = (totals[side] ?? 0) + weight;
    }
    const above = [0, 0];
    for (let t = size - 1; t >= 0; t--) {
      for (const side of [0, 1]) above[side] = (above[side] ?? 0) + (buckets[side]?.[t] ?? 0);
      fp[t] = (fp[t] ?? 0) + (above[0] ?? 0);
      tp[t] = (tp[t] ?? 0) + (above[1] ?? 0);
      tn[t] = (tn[t] ?? 0) + (totals[0] ?? 0) - (above[0] ?? 0);
      fn[t] = (fn[t] ?? 0) + (totals[1] ?? 0) - (above[1] ?? 0);
    }
  }
}

/** The options of `Precision` and `Recall`. */
export interface PrecisionOptions extends MetricOptions {
  /**
   * The threshold from 0 to 1 above which a value is a positive, or a list of them, which gives one result for each. Default: 0.5, or no
   * threshold if `topK` is set.
   */
  readonly thresholds?: number | readonly number[] | undefined;
  /** The number of largest values of each sample that may be positives. Default: no limit. */
  readonly topK?: number | undefined;
  /** The index of the only class to count, for outputs of shape [batch, classes]. Default: all classes count together. */
  readonly classId?: number | undefined;
}

abstract class PrecisionOrRecall extends ThresholdMetric {
  readonly topK: number | undefined;
  readonly classId: number | undefined;
  readonly #given: number | readonly number[] | undefined;

  constructor(name: string, { thresholds, topK, classId }: PrecisionOptions) {
    super(name, checkedThresholds(thresholds ?? (topK === undefined ? 0.5 : NEG_INF), thresholds !== undefined));
    this.topK = topK === undefined ? undefined : integerArgument(topK, "topK");
    this.classId = classId === undefined ? undefined : integerArgument(classId, "classId");
    this.#given = frozen(thresholds);
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    const { topK = null, classId = null } = this;
    return { ...super.getConfig(), thresholds: this.#given ?? null, topK, classId };
  }

  override updateState(yTrue: Tensor, yPred: Tensor<Float32Array>, sampleWeight?: Tensor): void {
    checkScored("updateState()", yTrue, yPred, sampleWeight);
    const target = sameShape(yTrue, yPred);
    const classes = yPred.shape.at(-1) ?? 1;
    let values: ArrayLike<number> = this.topK === undefined ? yPred.data : onlyTopK(yPred.data, classes, this.topK);
    let labels: ArrayLike<number> = target.data;
    let width = classes;
    if (this.classId !== undefined) {
      const column = this.classId < 0 ? classes + this.classId : this.classId;
      if (yPred.shape.length < 2 || !(column >= 0 && column < classes)) {
        throw valueError(
          "When classId is provided, yPred must be a 2D array with shape (num_samples, num_classes), " +
            `found shape: ${formatShape(yPred.shape)}, classId=${this.classId}`,
        );
      }
      values = columnOf(values, column, classes);
      labels = columnOf(labels, column, classes);
      width = 1;
    }
    this.count(labels, values, weightsOf(sampleWeight, values.length, width));
  }

  /** True positives / (true positives + `other`), one for each threshold: with false positives precision, with false negatives recall. */
  protected parts(other: "fp" | "fn"): MetricResult {
    const tp = this.counts("tp");
    const counts = this.counts(other);
    const results = Array.from(tp, (right, t) => divideNoNan(right, right + (counts[t] ?? 0)));
    return results.length === 1 ? (results[0] ?? 0) : results;
  }
}

/**
 * The fraction of predicted positives whose label is 1: true positives / (true positives + false positives). Labels are 0 or 1, and have the
 * output's shape. Default name: `precision`. @throws ValueError for thresholds outside [0, 1].
 */
export class Precision extends PrecisionOrRecall {
  constructor(options: PrecisionOptions = {}) {
    checkOptions("Precision", options, { name: TEXT, thresholds: true, topK: true, classId: true });
    super(options.name ?? "precision", options);
  }

  override result(): MetricResult {
    return this.parts("fp");
  }
}

/**
 * The fraction of labels 1 that are predicted as positive: true positives / (true positives + false negatives). Labels are 0 or 1, and have
 * the output's shape. Default name: `recall`. @throws ValueError for thresholds outside [0, 1].
 */
export class Recall extends PrecisionOrRecall {
  constructor(options: PrecisionOptions = {}) {
    checkOptions("Recall", options, { name: TEXT, thresholds: true, topK: true, classId: true });
    super(options.name ?? "recall", options);
  }

  override result(): MetricResult {
    return this.parts("fn");
  }
}

function checkedThresholds(thresholds: number | readonly number[], isGiven: boolean): readonly number[] {
  const list = typeof thresholds === "number" ? [thresholds] : NUMBERS[1](thresholds) ? [...thresholds] : [NaN];
  const invalid = list.filter((threshold) => !(threshold >= 0 && threshold <= 1));
  if (isGiven && invalid.length > 0) {
    throw valueError(
      `Threshold values must be in [0, 1]. Received: ${show(typeof thresholds === "number" || NUMBERS[1](thresholds) ? invalid : thresholds)}`,
    );
  }
  return list;
}

/** The weight of each value, by its index: its own, its sample's, or 1 if there are no weights. `width` is the number of values of a sample. */
export function weightsOf(sampleWeight: Tensor | undefined, values: number, width: number): (i: number) => number {
  if (sampleWeight === undefined) return () => 1;
  const { data } = sampleWeight;
  if (data.length === values) return (i) => data[i] ?? 0;
  if (data.length * width === values) return (i) => data[Math.floor(i / width)] ?? 0;
  throw valueError(
    `\`sampleWeight\` has one weight for each sample. Received: shape ${formatShape(sampleWeight.shape)} for ${values / width} samples.`,
  );
}

function columnOf(values: ArrayLike<number>, column: number, width: number): Float32Array {
  return Float32Array.from({ length: values.length / width }, (_, i) => values[i * width + column] ?? 0);
}

/** The values with all but the `k` largest of each line (the first ones among equals) replaced by a number below every threshold. */
function onlyTopK(values: Float32Array, width: number, k: number): Float32Array {
  const kept = new Float32Array(values.length).fill(NEG_INF);
  for (let from = 0; from < values.length; from += width) {
    const order = Array.from({ length: width }, (_, c) => c).toSorted(
      (a, b) => (values[from + b] ?? 0) - (values[from + a] ?? 0) || a - b,
    );
    for (const c of order.slice(0, k)) kept[from + c] = values[from + c] ?? 0;
  }
  return kept;
}

/**
 * The confusion matrix, [numClasses, numClasses]: how many samples of each true class (row) were predicted as each class (column).
 * `labels` and `predictions` are class indices from 0.
 * @throws ValueError if a label or a prediction is outside [0, numClasses), or if the lists differ in length.
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  numClasses: number,
): Tensor<Int32Array> {
  check("confusionMatrix()", "labels", labels, NUMBERS);
  check("confusionMatrix()", "predictions", predictions, NUMBERS);
  check("confusionMatrix()", "numClasses", numClasses, whole(1, 2 ** 14));
  if (labels.length !== predictions.length) {
    throw valueError(`There are ${labels.length} labels and ${predictions.length} predictions.`);
  }
  const counts = new Int32Array(numClasses ** 2);
  for (let i = 0; i < labels.length; i++) {
    const [label = NaN, prediction = NaN] = [labels[i], predictions[i]];
    for (const one of [label, prediction]) {
      if (!(Number.isInteger(one) && one >= 0 && one < numClasses)) {
        throw valueError(`Received a label value of ${one} which is outside the valid range of [0, ${numClasses}).`);
      }
    }
    const at = label * numClasses + prediction;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return new Tensor([numClasses, numClasses], counts);
}
