/** What all metrics share, and means of values (keras.metrics.Metric, Mean, MeanMetricWrapper). */
import { checkOptions } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { sizeOf } from "../../core/shape.ts";
import { positionWeights } from "../losses/loss.ts";

/** One number, or one for each threshold or class. */
export type MetricResult = number | readonly number[];

export interface MetricOptions {
  readonly name?: string | undefined;
}

/** Gathers over batches. Extend it for a metric of your own: keep everything in `state`. */
export abstract class Metric {
  name: string;
  /** Whether more or less is better, where that is known; what callbacks go by. */
  readonly direction: "up" | "down" | undefined = undefined;
  /** All that was gathered. */
  protected state: Float64Array;

  constructor(name: string, stateSize: number) {
    this.name = name;
    this.state = new Float64Array(stateSize);
  }

  /** Takes a batch in: `yPred` is the model's output, weights are one for each sample. */
  abstract updateState(yTrue: Tensor, yPred: Tensor<Float32Array>, sampleWeight?: Tensor): void;

  abstract result(): MetricResult;

  /** Begins anew. */
  resetState(): void {
    this.state.fill(0);
  }

  /** The arguments to make the metric again. */
  getConfig(): Readonly<Record<string, unknown>> {
    return { name: this.name };
  }

  /** What was gathered, to go on from later. */
  getState(): readonly number[] {
    return [...this.state];
  }

  setState(state: readonly number[]): void {
    this.state = Float64Array.from(state);
  }
}

/** The mean of everything that it was given, 0 of nothing. */
export class Mean extends Metric {
  constructor(options: MetricOptions = {}) {
    checkOptions("Mean", options, { name: true });
    super(options.name ?? "mean", 2);
  }

  add(value: number, weight = 1): void {
    this.state[0] = (this.state[0] ?? 0) + value * weight;
    this.state[1] = (this.state[1] ?? 0) + weight;
  }

  /** The mean of the values themselves, each line weighted. */
  override updateState(values: Tensor, _yPred?: Tensor<Float32Array>, sampleWeight?: Tensor): void {
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

/** The mean of a value of each position. */
export abstract class MeanMetric extends Metric {
  override readonly direction: "up" | "down" = "up";

  constructor(name: string) {
    super(name, 2);
  }

  /** A value for each position: what stands along the output's last axis. */
  protected abstract values(yTrue: Tensor, yPred: Tensor<Float32Array>): ArrayLike<number>;

  override updateState(yTrue: Tensor, yPred: Tensor<Float32Array>, sampleWeight?: Tensor): void {
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

export function divideNoNan(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
