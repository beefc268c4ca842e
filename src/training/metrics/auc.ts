/** The area under a curve over thresholds, by Riemann sums (keras.metrics.AUC; Davis and Goadrich 2006 for precision and recall). */
import { show, valueError } from "../../core/errors.ts";
import { frozen } from "../../core/frozen.ts";
import { NUMBERS, TEXT, orNull, whole } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { booleanArgument } from "../../layers/arguments.ts";
import { checkScored, sameShape } from "../losses/loss.ts";
import { EPSILON, ThresholdMetric, weightsOf } from "./confusion.ts";
import { type MetricOptions, divideNoNan } from "./metric.ts";

/** The options of `AUC`. */
export interface AUCOptions extends MetricOptions {
  /** The number of thresholds, an integer above 1: more of them approximate the area more closely. Default: 200. */
  readonly numThresholds?: number | undefined;
  /** The curve: `ROC` (true positive rate against false positive rate) or `PR` (precision against recall). Default: `ROC`. */
  readonly curve?: "ROC" | "PR" | undefined;
  /**
   * The height of the curve between two thresholds: `interpolation` takes the mean of both ends (for `PR`, it interpolates the true
   * positives), `minoring` the lower end, `majoring` the higher end. Default: `interpolation`.
   */
  readonly summationMethod?: "interpolation" | "minoring" | "majoring" | undefined;
  /** The thresholds between 0 and 1, in place of `numThresholds` evenly spaced ones; both ends are added to them. */
  readonly thresholds?: readonly number[] | null | undefined;
  /** Whether the model's output is logits, to which a sigmoid is then applied. Default: false, the output is probabilities. */
  readonly fromLogits?: boolean | undefined;
}

/**
 * The area under the ROC or precision-recall curve, approximated by a Riemann sum. Labels are 0 or 1 and have the output's shape; all values
 * of the output belong to one curve. Default name: `auc`. @throws ValueError for an unknown `curve` or `summationMethod`, or bad `numThresholds`.
 */
export class AUC extends ThresholdMetric {
  readonly curve: "ROC" | "PR";
  readonly summationMethod: "interpolation" | "minoring" | "majoring";
  readonly fromLogits: boolean;
  readonly #given: readonly number[] | undefined;

  constructor(options: AUCOptions = {}) {
    checkOptions("AUC", options, {
      name: TEXT,
      numThresholds: true,
      curve: true,
      summationMethod: true,
      thresholds: orNull(NUMBERS),
      fromLogits: true,
    });
    super(options.name ?? "auc", [-EPSILON, ...innerThresholds(options), 1 + EPSILON]);
    this.curve = options.curve ?? "ROC";
    this.summationMethod = options.summationMethod ?? "interpolation";
    this.fromLogits = booleanArgument(options.fromLogits, "fromLogits", false);
    this.#given = frozen(options.thresholds ?? undefined);
    if (!["ROC", "PR"].includes(this.curve)) {
      throw valueError(`Invalid AUC curve value: "${show(this.curve)}". Expected values are ["PR", "ROC"]`);
    }
    if (!["interpolation", "minoring", "majoring"].includes(this.summationMethod)) {
      throw valueError(
        `Invalid AUC summation method value: "${show(this.summationMethod)}". Expected values are ["interpolation", "majoring", "minoring"]`,
      );
    }
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    const { curve, summationMethod, fromLogits } = this;
    const numThresholds = this.thresholds.length;
    return { ...super.getConfig(), numThresholds, curve, summationMethod, fromLogits, thresholds: this.#given ?? null };
  }

  override updateState(yTrue: Tensor, yPred: Tensor<Float32Array>, sampleWeight?: Tensor): void {
    checkScored("updateState()", yTrue, yPred, sampleWeight);
    const target = sameShape(yTrue, yPred);
    const values = this.fromLogits ? yPred.data.map((z) => 1 / (1 + Math.exp(-z))) : yPred.data;
    this.count(target.data, values, weightsOf(sampleWeight, values.length, yPred.shape.at(-1) ?? 1));
  }

  override result(): number {
    const [tp, fp, tn, fn] = [this.counts("tp"), this.counts("fp"), this.counts("tn"), this.counts("fn")];
    if (this.curve === "PR" && this.summationMethod === "interpolation") return interpolatedArea(tp, fp, fn);
    const ratio = (a: Float64Array, b: Float64Array): Float64Array =>
      a.map((value, t) => divideNoNan(value, value + (b[t] ?? 0)));
    const recall = ratio(tp, fn);
    const [x, y] = this.curve === "ROC" ? [ratio(fp, tn), recall] : [recall, ratio(tp, fp)];
    let area = 0;
    for (let t = 0; t + 1 < x.length; t++) {
      const [high, low] = [y[t] ?? 0, y[t + 1] ?? 0];
      area += ((x[t] ?? 0) - (x[t + 1] ?? 0)) * this.#height(high, low);
    }
    return area;
  }

  #height(a: number, b: number): number {
    if (this.summationMethod === "interpolation") return (a + b) / 2;
    return this.summationMethod === "minoring" ? Math.min(a, b) : Math.max(a, b);
  }
}

function innerThresholds({ thresholds, numThresholds = 200 }: AUCOptions): readonly number[] {
  if (thresholds !== undefined && thresholds !== null) return [...thresholds].toSorted((a, b) => a - b);
  if (!whole(2, 2 ** 20)[1](numThresholds)) {
    throw valueError(
      `Argument \`numThresholds\` must be an integer > 1. Received: numThresholds=${show(numThresholds)}`,
    );
  }
  return Array.from({ length: numThresholds - 2 }, (_, i) => (i + 1) / (numThresholds - 1));
}

/** The area under the precision-recall curve: between two thresholds, true positives are interpolated, since precision is not linear. */
function interpolatedArea(tp: Float64Array, fp: Float64Array, fn: Float64Array): number {
  let area = 0;
  for (let t = 0; t + 1 < tp.length; t++) {
    const [high, low] = [tp[t] ?? 0, tp[t + 1] ?? 0];
    const [all, fewer] = [high + (fp[t] ?? 0), low + (fp[t + 1] ?? 0)];
    const slope = divideNoNan(high - low, Math.max(all - fewer, 0));
    const intercept = low - slope * fewer;
    const ratio = all > 0 && fewer > 0 ? all / fewer : 1;
    area += divideNoNan(slope * (high - low + intercept * Math.log(ratio)), Math.max(low + (fn[t + 1] ?? 0), 0));
  }
  return area;
}
