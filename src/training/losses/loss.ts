/** The base class of all losses: shapes, sample weights, reduction (keras.Loss). */
import { show, valueError } from "../../core/errors.ts";
import { OBJECT, check } from "../../core/kinds.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import { TENSOR, type Tensor } from "../../core/tensor.ts";
import type { OutputGradient } from "../../graph/differentiator.ts";

/**
 * How the weighted losses of a batch become one number: their sum divided by the number of positions (`sum_over_batch_size`, and `mean`,
 * which is the same), their sum, or their sum divided by the sum of the sample weights (`mean_with_sample_weight`).
 */
export type Reduction = "sum_over_batch_size" | "mean" | "sum" | "mean_with_sample_weight";

const REDUCTIONS: readonly unknown[] = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"];

/** The options that all losses share. */
export interface LossOptions {
  /** The name of the loss. Default: Keras's name of the class, in snake case. */
  readonly name?: string | undefined;
  /** How the losses of a batch become one number. Default: `sum_over_batch_size`. */
  readonly reduction?: Reduction | undefined;
}

/** The predictions of a batch. */
export interface Predicted {
  /** The model's output, [batch, …, classes]. */
  readonly output: Tensor<Float32Array>;
  /** The logits, of the output's shape, if the output is known to be their softmax or sigmoid. */
  readonly logits?: Tensor<Float32Array> | undefined;
}

/** The losses of all positions (of all samples, for outputs [batch, classes]), and their gradient. */
export interface Scored {
  /** One loss for each position. */
  readonly values: Float64Array;
  /** The gradient of the sum of `values`, each multiplied by the weight at its index. */
  gradient(weights: Float64Array): OutputGradient;
}

/** The loss of a batch, reduced to one number, and a function that computes its gradient. */
export interface LossResult {
  readonly value: number;
  /** The gradient of the value. */
  gradient(): OutputGradient;
}

/** A loss function. Extend it and implement `score` for a loss of your own. */
export abstract class Loss {
  /** The name of the class in saved files, Keras's own for the losses that Keras has. */
  abstract readonly className: string;
  readonly name: string;
  readonly reduction: Reduction;

  /** @throws ValueError for an unknown `reduction`. */
  constructor(options: LossOptions, defaultName: string) {
    this.name = options.name ?? defaultName;
    this.reduction = options.reduction ?? "sum_over_batch_size";
    if (!REDUCTIONS.includes(this.reduction)) {
      throw valueError(
        `Invalid value for argument \`reduction\`. Expected one of ${show(REDUCTIONS)}. Received: reduction=${show(this.reduction)}`,
      );
    }
  }

  /** The loss of each position, computed from the values along the last axis. @throws ValueError if the shapes do not fit. */
  protected abstract score(yTrue: Tensor, predicted: Predicted): Scored;

  /**
   * The reduced loss of a batch, Keras's `loss(y_true, y_pred, sample_weight)`. `yPred` is [batch, …, classes]; `sampleWeight` has one weight
   * for each sample or for each position. @throws ValueError if the shapes do not fit.
   */
  call(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): number {
    checkScored("call()", yTrue, yPred, sampleWeight);
    return this.evaluate(yTrue, { output: yPred.toFloat32() }, sampleWeight).value;
  }

  /** The loss of each position, neither weighted nor reduced. */
  valuesOf(yTrue: Tensor, yPred: Tensor): Float64Array {
    checkScored("valuesOf()", yTrue, yPred);
    return this.score(yTrue, { output: yPred.toFloat32() }).values;
  }

  /** The reduced loss of a batch; its gradient is computed only when it is asked for. */
  evaluate(yTrue: Tensor, predicted: Predicted, sampleWeight?: Tensor): LossResult {
    check("evaluate()", "predicted", predicted, OBJECT);
    checkScored("evaluate()", yTrue, predicted.output, sampleWeight);
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

  /** The options to construct the loss again with. */
  getConfig(): Readonly<Record<string, unknown>> {
    return { name: this.name, reduction: this.reduction };
  }

  #divisor(count: number, weight: number): number {
    if (this.reduction === "sum") return 1;
    return this.reduction === "mean_with_sample_weight" ? weight : count;
  }
}

/** Checks what a loss or a metric is called with. @throws ValueError if one of them is no tensor, or is not there any more. */
export function checkScored(of: string, yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
  check(of, "yTrue", yTrue, TENSOR);
  check(of, "yPred", yPred, TENSOR);
  if (sampleWeight !== undefined) check(of, "sampleWeight", sampleWeight, TENSOR);
}

/** One weight for each position, from weights for each position or each sample; all 1 if there are none. @throws ValueError for another number. */
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

/** The target with the prediction's rank if a last axis of size 1 can be added or removed, as Keras does; else the target unchanged. */
export function toRankOf(yTrue: Tensor, output: Tensor): Tensor {
  const { shape } = yTrue;
  const rank = output.shape.length;
  if (shape.length === rank - 1 && output.shape.at(-1) === 1) return yTrue.reshape([...shape, 1]);
  if (shape.length === rank + 1 && shape.at(-1) === 1) return yTrue.reshape(shape.slice(0, -1));
  return yTrue;
}

/** The target in exactly the prediction's shape. @throws ValueError, in the words of Keras's TensorFlow backend, if the shapes differ. */
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

/** The number of positions of an output, and the number of values of each. @throws ValueError for outputs of fewer than two axes. */
export function positionsOf(output: Tensor): { readonly positions: number; readonly classes: number } {
  if (output.shape.length < 2) {
    throw valueError(
      `A loss is of an output of [batch, …, classes]. Received: output.shape=${formatShape(output.shape)}`,
    );
  }
  return { positions: sizeOf(output.shape.slice(0, -1)), classes: output.shape.at(-1) ?? 0 };
}
