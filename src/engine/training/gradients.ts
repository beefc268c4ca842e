/** What runs a program backwards: operations over the gradients of matrices. */
import type { Weight } from "../../layers/weight.ts";
import type {
  Activation,
  Average,
  Convolution,
  Forward,
  Host,
  Largest,
  Mask,
  Matrix,
  Mean,
  Pad,
  Scaling,
  View,
} from "./operations.ts";

/** The gradient of what is read through a view; through it, that of the view's matrix is found. */
export interface GradientOf {
  readonly view: View;
  /** The number of the gradient's matrix. */
  readonly gradient: number;
}

/** Where an operation writes a gradient. */
export interface Target {
  readonly to: number;
  /** What is there already and is added; may be `to`. */
  readonly add: number | undefined;
  /** Views whose gradient this completes: what normalization by the batch needs of it is gathered on the way. */
  readonly reductions: readonly Reduction[];
}

export interface ConvolutionGradient {
  readonly kind: "convolution gradient";
  readonly forward: Convolution;
  /** Of the output. */
  readonly from: GradientOf;
  readonly input: Target | undefined;
  /** Whether the gradients of kernel and bias are wanted, and added to what is there. */
  readonly kernel: Wanted;
  readonly bias: Wanted;
}

export type Wanted = "no" | "first" | "added";

/** Σ gradient and Σ gradient × value of each channel, and what follows of them: for gradients that no convolution completes. */
export interface Reduction {
  readonly kind: "reduction";
  readonly from: GradientOf;
  readonly scaling: Scaling;
  readonly gamma: Wanted;
  readonly beta: Wanted;
}

/** The gradient of a view becomes that of its matrix. */
export interface Through {
  readonly kind: "through";
  readonly from: GradientOf;
  readonly to: number;
}

export interface Addition {
  readonly kind: "addition";
  readonly inputs: readonly [number, number];
  readonly to: number;
}

interface OneToOne<F extends Forward> {
  readonly forward: F;
  /** Of the output. */
  readonly from: number;
  readonly to: number;
}

export interface PadGradient extends OneToOne<Pad> {
  readonly kind: "pad gradient";
}

export interface MeanGradient extends OneToOne<Mean> {
  readonly kind: "mean gradient";
}

export interface LargestGradient extends OneToOne<Largest> {
  readonly kind: "largest gradient";
}

export interface AverageGradient extends OneToOne<Average> {
  readonly kind: "average gradient";
}

export interface ActivationGradient extends OneToOne<Activation> {
  readonly kind: "activation gradient";
}

export interface MaskGradient extends OneToOne<Mask> {
  readonly kind: "mask gradient";
}

export interface HostGradient {
  readonly kind: "host gradient";
  readonly forward: Host;
  readonly from: number;
  /** For each input. */
  readonly to: readonly (number | undefined)[];
  readonly weights: readonly { readonly weight: Weight; readonly wanted: Wanted }[];
}

export type Backward =
  | ConvolutionGradient
  | Reduction
  | Through
  | Addition
  | PadGradient
  | MeanGradient
  | LargestGradient
  | AverageGradient
  | ActivationGradient
  | MaskGradient
  | HostGradient;

/** The gradients that are there before the first operation: of an output, or of what it is softmax or sigmoid of. */
export interface Seed {
  /** The number of the output. */
  readonly output: number;
  readonly of: "output" | "logits";
  readonly gradient: number;
}

export interface Backwards {
  readonly list: readonly Backward[];
  /** The shapes of gradients; their numbers come after those of the values. */
  readonly gradients: readonly Matrix[];
  readonly seeds: readonly Seed[];
  /** For each wanted output. Undefined where the loss cannot depend on it. */
  readonly outputs: readonly (number | undefined)[];
}

/** The gradients that an operation writes. */
export function writes(operation: Backward): readonly number[] {
  switch (operation.kind) {
    case "convolution gradient":
      return operation.input === undefined ? [] : [operation.input.to];
    case "reduction":
      return [];
    case "host gradient":
      return operation.to.filter((to) => to !== undefined);
    default:
      return [operation.to];
  }
}
