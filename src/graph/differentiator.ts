/** What training and explaining need of a program: its outputs and, by reverse-mode differentiation, the gradients of a loss that depends on them. */
import type { Tensor } from "../core/tensor.ts";
import type { Weight } from "../layers/weight.ts";
import type { Program } from "./program.ts";

/** What is to be differentiated, and how. */
export interface DifferentiationOptions {
  /**
   * Whether layers behave as in training: Dropout drops values; BatchNormalization normalizes by the batch and updates its moving mean and
   * variance. A BatchNormalization layer that is not trainable, and a layer that was applied with `training: false`, behave as in inference
   * even so.
   */
  readonly training: boolean;
  /** The weights whose gradients are wanted. Steps that no such gradient passes through are not computed backwards. */
  readonly weights: readonly Weight[];
  /** The positions of the program's outputs whose gradients are also wanted, such as a layer's activations. Default: none. */
  readonly outputs?: readonly number[];
}

/** What a program computes for a batch. */
export interface Evaluated {
  /** The values of the program's outputs, each [batch, …]. */
  readonly outputs: readonly Tensor<Float32Array>[];
  /**
   * For each output that is the softmax or sigmoid of something: that something, in the same shape; else undefined. Losses computed from
   * logits stay exact even if the output itself has been rounded to 0 or 1.
   */
  readonly logits: readonly (Tensor<Float32Array> | undefined)[];
}

/** The gradient of the loss with respect to an output or its logits, in row-major order; both have the output's shape. */
export interface OutputGradient {
  /** Whether the gradient is that with respect to the output or to its logits. */
  readonly of: "output" | "logits";
  readonly values: Float32Array;
}

/** The gradient of the loss for each output; undefined for outputs that the loss does not depend on. */
export type LossGradient = (evaluated: Evaluated) => readonly (OutputGradient | undefined)[];

/** Options of a run. */
export interface RunOptions {
  /** The seed of the random numbers of Dropout, which also depend on the position of the layer: the same seed gives the same masks. */
  readonly seed: number;
}

/** What a run returns: the outputs and the gradients. */
export interface Gradients extends Evaluated {
  /** The gradients of the wanted weights, in the given order and row-major; the next run overwrites the arrays. */
  readonly weights: readonly Float32Array[];
  /** The gradients of the wanted outputs, in the given order. */
  readonly outputGradients: readonly Tensor<Float32Array>[];
}

/** Runs a program forwards and backwards. There are two implementations: the layers' own scalar gradients, and the engine's. */
export interface Differentiator {
  /**
   * Runs forwards for a batch, then backwards from the gradients that `lossGradient` returns. In training, the moving means and variances
   * of BatchNormalization are updated before the promise resolves. The same inputs, weights and seed give the same bits. Calls do not
   * overlap: each waits for the one before.
   *
   * @throws ShapeError or ValueError if the inputs do not fit, LimitError if there is not enough memory, StateError after `dispose()`.
   */
  run(inputs: readonly Tensor[], lossGradient: LossGradient, options: RunOptions): Promise<Gradients>;
  /** Frees the memory. */
  dispose(): void;
}

/** Makes differentiators, as `differentiatorOf` does; `threads` is how many threads may share the work. */
export type MakeDifferentiator = (
  program: Program,
  options: DifferentiationOptions & { readonly threads: number },
) => Promise<Differentiator>;
