/** What training and explaining ask of a program: its outputs, and by reverse-mode differentiation the gradients of a loss of them. */
import type { Tensor } from "../core/tensor.ts";
import type { Weight } from "../layers/weight.ts";
import type { Program } from "./program.ts";

/** What is to be differentiated. */
export interface DifferentiationOptions {
  /**
   * Whether layers behave as in training: Dropout drops, BatchNormalization normalizes by the batch and moves its averages. A
   * BatchNormalization layer that is not trainable, and a layer that was applied with `training: false`, behaves as in inference all the same.
   */
  readonly training: boolean;
  /** The weights whose gradients are wanted; what no gradient of theirs goes through is not computed backwards. */
  readonly weights: readonly Weight[];
  /** The numbers of the program's outputs whose gradients are wanted too, as those of a layer's activations. Default: none. */
  readonly outputs?: readonly number[];
}

/** What a program gives for a batch. */
export interface Evaluated {
  /** One for each of the program's outputs, [batch, …]. */
  readonly outputs: readonly Tensor<Float32Array>[];
  /**
   * For each output that is softmax or sigmoid of something: that something, of the same shape; else undefined. Losses are exact
   * with it, where the output itself has rounded to 0 or 1.
   */
  readonly logits: readonly (Tensor<Float32Array> | undefined)[];
}

/** The gradient of the loss with respect to an output or to its logits; both have the output's shape. */
export interface OutputGradient {
  readonly of: "output" | "logits";
  readonly values: Float32Array;
}

/** For each output the gradient of the loss; undefined where the loss does not depend on it. */
export type LossGradient = (evaluated: Evaluated) => readonly (OutputGradient | undefined)[];

export interface RunOptions {
  /** What Dropout draws from, with the position of the layer: the same seed, the same mask. */
  readonly seed: number;
}

export interface Gradients extends Evaluated {
  /** For each wanted weight, in the order they were given, row-major; the arrays are overwritten by the next run. */
  readonly weights: readonly Float32Array[];
  /** For each wanted output, in the order they were given. */
  readonly outputGradients: readonly Tensor<Float32Array>[];
}

/** Runs a program forwards and backwards. Implemented by the layers' own scalar gradients, and by the engine. */
export interface Differentiator {
  /**
   * Forwards for a batch, then backwards from what `lossGradient` says. In training the moving averages of BatchNormalization are
   * assigned to before it resolves. The same inputs, weights and seed give the same bits. Calls do not overlap: each waits for the one before.
   *
   * @throws ShapeError or ValueError where inputs do not fit, LimitError where memory is not enough, StateError after `dispose()`.
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
