/** The weighted harmonic mean of precision and recall (keras.metrics.FBetaScore, F1Score). */
import { show, valueError } from "../../core/errors.ts";
import { TEXT } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { checkScored, positionWeights } from "../losses/loss.ts";
import { numberArgument } from "../../layers/arguments.ts";
import { EPSILON } from "./confusion.ts";
import { Metric, type MetricOptions, type MetricResult } from "./metric.ts";

/** The options of `F1Score`. */
export interface FScoreOptions extends MetricOptions {
  /**
   * How the scores of the classes are averaged: null gives one score for each class, `macro` their plain mean, `weighted` their mean weighted
   * by the number of true labels of each class, `micro` one score from the counts of all classes together. Default: null.
   */
  readonly average?: "micro" | "macro" | "weighted" | null | undefined;
  /** The value in (0, 1] above which an output is a positive. Default: null, the largest output of each sample is the positive. */
  readonly threshold?: number | null | undefined;
}

/** The options of `FBetaScore`. */
export interface FBetaScoreOptions extends FScoreOptions {
  /** How much more recall counts than precision, above 0. Default: 1. */
  readonly beta?: number | undefined;
}

/**
 * The F-beta score, (1 + β²) · precision · recall / (β² · precision + recall). Labels and outputs are [batch, classes], labels 0 or 1.
 * Default name: `fbeta_score`. @throws ValueError for an unknown `average`, or for `beta` or `threshold` outside their ranges.
 */
export class FBetaScore extends Metric {
  override readonly direction = "up";
  readonly average: "micro" | "macro" | "weighted" | null;
  readonly threshold: number | null;
  readonly beta: number;

  constructor(options: FBetaScoreOptions = {}) {
    checkOptions("FBetaScore", options, { name: TEXT, average: true, threshold: true, beta: true });
    super(options.name ?? "fbeta_score", 0);
    this.average = options.average ?? null;
    this.threshold = options.threshold ?? null;
    this.beta = numberArgument(options.beta, "beta", 1);
    if (this.average !== null && !["micro", "macro", "weighted"].includes(this.average)) {
      throw valueError(
        `Invalid \`average\` argument value. Expected one of: {null, 'micro', 'macro', 'weighted'}. Received: average=${show(this.average)}`,
      );
    }
    if (!(this.beta > 0)) {
      throw valueError(`Invalid \`beta\` argument value. It should be > 0. Received: beta=${show(this.beta)}`);
    }
    if (this.threshold !== null && !(typeof this.threshold === "number" && this.threshold > 0 && this.threshold <= 1)) {
      throw valueError(
        `Invalid \`threshold\` argument value. It should verify 0 < threshold <= 1. Received: threshold=${show(this.threshold)}`,
      );
    }
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    const { average, threshold, beta } = this;
    return { ...super.getConfig(), average, threshold, beta };
  }

  override updateState(yTrue: Tensor, yPred: Tensor<Float32Array>, sampleWeight?: Tensor): void {
    checkScored("updateState()", yTrue, yPred, sampleWeight);
    const [batch = 0, classes = 0] = yPred.shape;
    if (yPred.shape.length !== 2 || yTrue.shape.length !== 2 || yTrue.shape[1] !== classes) {
      throw valueError(
        "FBetaScore expects 2D inputs with shape (batch_size, output_dim). " +
          `Received input shapes: yPred.shape=${formatShape(yPred.shape)} and yTrue.shape=${formatShape(yTrue.shape)}.`,
      );
    }
    const weights = positionWeights(sampleWeight, batch, batch);
    const columns = this.average === "micro" ? 1 : classes;
    if (this.state.length !== columns * 3) this.state = new Float64Array(columns * 3);
    for (let i = 0; i < batch; i++) {
      const weight = weights[i] ?? 0;
      const line = yPred.data.subarray(i * classes, (i + 1) * classes);
      const highest = line.reduce((a, b) => Math.max(a, b), -Infinity);
      for (let c = 0; c < classes; c++) {
        const value = line[c] ?? 0;
        const positive = this.threshold === null ? value >= highest && Math.abs(value) > 1e-9 : value > this.threshold;
        const truth = yTrue.data[i * classes + c] ?? 0;
        const column = columns === 1 ? 0 : c;
        const add = (kind: number, amount: number): void => {
          const at = kind * columns + column;
          this.state[at] = (this.state[at] ?? 0) + amount * weight;
        };
        add(0, positive ? truth : 0);
        add(1, positive ? 1 - truth : 0);
        add(2, positive ? 0 : truth);
      }
    }
  }

  override result(): MetricResult {
    const columns = this.state.length / 3;
    const weights: number[] = [];
    const scores = Array.from({ length: columns }, (_, c) => {
      const [tp = 0, fp = 0, fn = 0] = [0, 1, 2].map((kind) => this.state[kind * columns + c] ?? 0);
      weights.push(tp + fn);
      const precision = tp / (tp + fp + EPSILON);
      const recall = tp / (tp + fn + EPSILON);
      return ((precision * recall) / (this.beta ** 2 * precision + recall + EPSILON)) * (1 + this.beta ** 2);
    });
    if (this.average === null) return scores;
    if (this.average !== "weighted") return columns === 0 ? 0 : sum(scores) / columns;
    const total = sum(weights) + EPSILON;
    return sum(scores.map((score, c) => (score * (weights[c] ?? 0)) / total));
  }
}

/** The F1 score, the harmonic mean of precision and recall: `FBetaScore` with `beta: 1`. Default name: `f1_score`. */
export class F1Score extends FBetaScore {
  constructor(options: FScoreOptions = {}) {
    checkOptions("F1Score", options, { name: TEXT, average: true, threshold: true });
    super({ ...options, name: options.name ?? "f1_score", beta: 1 });
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    const { beta: _, ...config } = super.getConfig();
    return config;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
