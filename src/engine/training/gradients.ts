/** The gradients of a training step, as operations read and write them. */
import type { Scaling, View } from "./matrices.ts";

/** The gradient of what is read through a view; that of the view's matrix follows from it. */
export interface GradientOf {
  readonly view: View;
  /** The number of the gradient's matrix. */
  readonly gradient: number;
}

/** Whether the gradient of a weight is wanted: written by the operation that finds the first part of it, added to by the others. */
export type Wanted = "no" | "first" | "added";

/**
 * Gathers Σ gradient and Σ gradient × value of each channel, from which the gradients of gamma and beta follow, and what
 * normalization by the batch needs to go on.
 */
export interface Reduction {
  readonly kind: "reduction";
  readonly from: GradientOf;
  readonly scaling: Scaling;
  readonly gamma: Wanted;
  readonly beta: Wanted;
}

/** An operation that makes the gradient of another one's only input from that of its output. */
export interface InputGradient<Forward> {
  readonly forward: Forward;
  /** The number of the output's gradient. */
  readonly from: number;
  /** The number of the input's gradient. */
  readonly to: number;
}
