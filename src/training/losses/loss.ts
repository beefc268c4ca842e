/** What all losses share: shapes, sample weights, reduction (keras.Loss). */
import { show, valueError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { OutputGradient } from "../../graph/differentiator.ts";

/** How the losses of samples become one: their mean (`sum_over_batch_size`), their sum, or their mean weighted by sample weights. */
export type Reduction = "sum_over_batch_size" | "mean" | "sum" | "mean_with_sample_weight";

const REDUCTIONS: readonly unknown[] = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"];

export interface LossOptions {
  readonly name?: string | undefined;
  /** Default: `sum_over_batch_size`. */
  readonly reduction?: Reduction | undefined;
}

/** What a model said, [batch, …, classes]. */
export interface Predicted {
  readonly output: Tensor<Float32Array>;
  /** What the output is softmax or sigmoid of, where it is of one and that is known. */
  readonly logits?: Tensor<Float32Array> | undefined;
}

/** The losses of all positions (samples, for outputs of two axes), float64, and the way back. */
export interface Scored {
  readonly values: Float64Array;
  /** The gradient of the sum of `values`, each times its weight. */
  gradient(weights: Float64Array): OutputGradient;
}

export interface LossResult {
  readonly value: number;
  gradient(): OutputGradient;
}

/** Extend it with `score` for a loss of your own. */
export abstract class Loss {
  abstract readonly className: string;
  readonly name: string;
  readonly reduction: Reduction;

  constructor(options: LossOptions, defaultName: string) {
    this.name = options.name ?? defaultName;
    this.reduction = options.reduction ?? "sum_over_batch_size";
    if (!REDUCTIONS.includes(this.reduction)) {
      throw valueError(
        `Invalid value for argument \`reduction\`. Expected one of ${show(REDUCTIONS)}. Received: reduction=${show(this.reduction)}`,
      );
    }
  }

  /** The loss of each position: one for all that stands along the last axis. @throws ValueError where shapes do not fit. */
  protected abstract score(yTrue: Tensor, predicted: Predicted): Scored;

  /** As Keras's `loss(y_true, y_pred, sample_weight)`: `yPred` is [batch, …, classes]; weights one for each sample or position. */
  call(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): number {
    return this.evaluate(yTrue, { output: yPred.toFloat32() }, sampleWeight).value;
  }

  /** The loss of each position. */
  valuesOf(yTrue: Tensor, yPred: Tensor): Float64Array {
    return this.score(yTrue, { output: yPred.toFloat32() }).values;
  }

  /** The loss, and its gradient where it is asked for. */
  evaluate(yTrue: Tensor, predicted: Predicted, sampleWeight?: Tensor): LossResult {
    const scored = this.score(yTrue, predicted);
    const { values } = scored;
    const weights = positionWeights(sampleWeight, predicted.output.shape[0] ?? 0, values.length);
    let sum = 0;
    let weight = 0;
    for (let i = 0; i < values.length; i++) {
      sum += (values[i] ?? 0) * (weights[i] ?? 0);
      weight += weights[i] ?? 0;
    }
    const divisor = this.#divisor(values.length, weight);
    return {
      value: divisor === 0 ? 0 : sum / divisor,
      gradient: () => scored.gradient(weights.map((one) => (divisor === 0 ? 0 : one / divisor))),
    };
  }

  getConfig(): Readonly<Record<string, unknown>> {
    return { name: this.name, reduction: this.reduction };
  }

  #divisor(count: number, weight: number): number {
    if (this.reduction === "sum") return 1;
    return this.reduction === "mean_with_sample_weight" ? weight : count;
  }
}

/** A weight for each position from one for each of them, or for each sample; ones where there are none. */
export function positionWeights(sampleWeight: Tensor | undefined, batch: number, positions: number): Float64Array {
  if (sampleWeight === undefined) return new Float64Array(positions).fill(1);
  const { data } = sampleWeight;
  if (data.length === positions) return Float64Array.from(data);
  if (data.length !== batch) {
    throw valueError(
      `\`sampleWeight\` has one weight for each sample (${batch}) or position (${positions}). Received: shape ${formatShape(sampleWeight.shape)}`,
    );
  }
  const each = positions / batch;
  return Float64Array.from({ length: positions }, (_, i) => data[Math.floor(i / each)] ?? 0);
}

/** The target with the prediction's rank: an axis of 1 is added or taken away at the end, as Keras does. */
export function toRankOf(yTrue: Tensor, output: Tensor): Tensor {
  const { shape } = yTrue;
  const rank = output.shape.length;
  if (shape.length === rank - 1 && output.shape.at(-1) === 1) return yTrue.reshape([...shape, 1]);
  if (shape.length === rank + 1 && shape.at(-1) === 1) return yTrue.reshape(shape.slice(0, -1));
  return yTrue;
}

/** The target, of exactly the prediction's shape. @throws ValueError in TensorFlow's backend's words. */
export function sameShape(yTrue: Tensor, output: Tensor): Tensor {
  const target = toRankOf(yTrue, output);
  const shapes = `Received: target.shape=${formatShape(target.shape)}, output.shape=${formatShape(output.shape)}`;
  if (target.shape.length !== output.shape.length) {
    throw valueError(`Arguments \`target\` and \`output\` must have the same rank (ndim). ${shapes}`);
  }
  if (target.shape.some((axis, i) => axis !== output.shape[i])) {
    throw valueError(`Arguments \`target\` and \`output\` must have the same shape. ${shapes}`);
  }
  return target;
}

/** How many positions an output has, and how many values each. */
export function positionsOf(output: Tensor): { readonly positions: number; readonly classes: number } {
  if (output.shape.length < 2) {
    throw valueError(
      `A loss is of an output of [batch, …, classes]. Received: output.shape=${formatShape(output.shape)}`,
    );
  }
  return { positions: sizeOf(output.shape.slice(0, -1)), classes: output.shape.at(-1) ?? 0 };
}
