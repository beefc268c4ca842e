/** Convolutions, forwards and backwards, as training has them. */
import type { Sliding } from "../../blocks.ts";
import type { GradientOf, Reduction, Wanted } from "../../gradients.ts";
import type { Scaling, View } from "../../matrices.ts";
import type { ConvolutionWeights } from "../../weights.ts";

export interface Convolution extends Sliding, ConvolutionWeights {
  readonly kind: "convolution";
  /** The layer's name. */
  readonly name: string;
  readonly input: View;
  readonly output: number;
  /** Normalizations of its output by the batch, whose statistics are gathered on the way. */
  readonly statistics: readonly Scaling[];
}

export interface ConvolutionGradient {
  readonly kind: "convolution gradient";
  readonly forward: Convolution;
  /** The gradient of the output. */
  readonly from: GradientOf;
  /** Undefined if the input's gradient is not needed. */
  readonly input: Target | undefined;
  readonly kernel: Wanted;
  readonly bias: Wanted;
}

/** Where the gradient of an input is written. */
export interface Target {
  readonly to: number;
  /** The number of a gradient that is there already and is added; it may be `to`. */
  readonly add: number | undefined;
  /** What is gathered of the gradient while it is in the cache. */
  readonly reductions: readonly Reduction[];
}
