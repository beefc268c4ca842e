/** The base class of all metrics, and means of values (keras.metrics.Metric, Mean, MeanMetricWrapper). */
import { type Kind, NUMBERS, TEXT, check } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { sizeOf } from "../../core/shape.ts";
import { checkScored, positionWeights } from "../losses/loss.ts";

/** The value of a metric: one number, or one for each threshold or class. */
export type MetricResult = number | readonly number[];

/** The options that all metrics share. */
export interface MetricOptions {
  /** The name in the logs. Default: Keras's name of the class, in snake case. */
  readonly name?: string | undefined;
}

/** A metric, which accumulates over batches. Extend it for a metric of your own, and keep everything that it accumulates in `state`. */
export abstract class Metric {
  /** The name in the logs. */
  name: string;
  /** Whether a higher (`up`) or a lower (`down`) value is better, if known; callbacks with `mode: "auto"` use it. */
  readonly direction: "up" | "down" | undefined = undefined;
  /** All that the metric has accumulated. */
  protected state: Float64Array;

  /** `stateSize` is the number of values in the state, which start at 0. */
  constructor(name: string, stateSize: number) {
    this.name = name;
    this.state = new Float64Array(stateSize);
  }

  /** Accumulates a batch: `yTrue` has the labels, `yPred` the model's output, `sampleWeight` one weight for each sample. */
  abstract updateState(yTrue: Tensor, yPred: Tensor<Float32Array>, sampleWeight?: Tensor): void;

  /** The value of the metric over everything accumulated so far. */
  abstract result(): MetricResult;

  /** Forgets everything accumulated, as happens at the start of each epoch. */
  resetState(): void {
    this.state.fill(0);
  }

  /** The options to construct the metric again with. */
  getConfig(): Readonly<Record<string, unknown>> {
    return { name: this.name };
  }

  /** A copy of what was accumulated, to continue from with `setState`. */
  getState(): readonly number[] {
    return [...this.state];
  }

  /** Replaces what was accumulated by a result of `getState`. */
  setState(state: readonly number[]): void {
    check("setState()", "state", state, NUMBERS);
    this.state = Float64Array.from(state);
  }
}

const NUMERIC: Kind = ["a number", (value) => typeof value === "number"];

/** The weighted mean of the values given to it, 0 if there were none. Default name: `mean`. */
export class Mean extends Metric {
  constructor(options: MetricOptions = {}) {
    checkOptions("Mean", options, { name: TEXT });
    super(options.name ?? "mean", 2);
  }

  /** Accumulates one value. */
  add(value: number, weight = 1): void {
    check("add()", "value", value, NUMERIC);
    check("add()", "weight", weight, NUMERIC);
    this.state[0] = (this.state[0] ?? 0) + value * weight;
    this.state[1] = (this.state[1] ?? 0) + weight;
  }

  /** Accumulates a tensor of values, with one weight for each sample. The second argument is ignored. */
  override updateState(values: Tensor, _yPred?: Tensor<Float32Array>, sampleWeight?: Tensor): void {
    checkScored("updateState()", values, values, sampleWeight);
    const batch = values.shape[0] ?? 1;
    const each = sizeOf(values.shape.slice(1));
    for (let i = 0; i < values.size; i++) {
      const weight = (sampleWeight?.data[Math.floor(i / each)] ?? 1) / (batch === 0 ? 1 : each);
      this.add(values.data[i] ?? 0, weight);
    }
  }

  override result(): number {
    return divideNoNan(this.state[0] ?? 0, this.state[1] ?? 0);
  }
}

/** A metric that is the mean of one value for each position (each sample, if the output is [batch, classes]). */
export abstract class MeanMetric extends Metric {
  override readonly direction: "up" | "down" = "up";

  constructor(name: string) {
    super(name, 2);
  }

  /** One value for each position, computed from the values along the output's last axis. */
  protected abstract values(yTrue: Tensor, yPred: Tensor<Float32Array>): ArrayLike<number>;

  override updateState(yTrue: Tensor, yPred: Tensor<Float32Array>, sampleWeight?: Tensor): void {
    checkScored("updateState()", yTrue, yPred, sampleWeight);
    const values = this.values(yTrue, yPred);
    const weights = positionWeights(sampleWeight, yPred.shape[0] ?? 0, values.length);
    let sum = this.state[0] ?? 0;
    let weight = this.state[1] ?? 0;
    for (let i = 0; i < values.length; i++) {
      sum += (values[i] ?? 0) * (weights[i] ?? 0);
      weight += weights[i] ?? 0;
    }
    this.state[0] = sum;
    this.state[1] = weight;
  }

  override result(): number {
    return divideNoNan(this.state[0] ?? 0, this.state[1] ?? 0);
  }
}

/** The quotient, or 0 if the divisor is 0 (tf.math.divide_no_nan). */
export function divideNoNan(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
