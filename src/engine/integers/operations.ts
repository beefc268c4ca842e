/** Integer operations: what convolutions, pools and the ways in and out become. They stand among the float32 operations of a plan. */
import type { Padding2D } from "../../core/padding.ts";
import type { IntegerMode } from "../../kernels/i8/parts.ts";
import type { Picture } from "../../lowering/picture.ts";
import type { Window } from "../../lowering/windows.ts";

interface OneToOne {
  readonly input: number;
  readonly output: number;
  readonly mode: IntegerMode;
}

/** A picture's surroundings in integers. */
interface Padded {
  readonly from: Picture;
  readonly pads: Padding2D;
  /** What is there. */
  readonly padding: number;
}

/**
 * float32 → integer: truncate(clamp(x × factor + offset, 0, 255)), each step rounded to float32; NaN becomes 0.
 * Where the value is a picture that a window will run over, with its surroundings.
 */
export interface Quantize extends OneToOne {
  readonly kind: "quantize";
  /** How many numbers. */
  readonly size: number;
  readonly factor: number;
  readonly offset: number;
  readonly padded: Padded | undefined;
}

/** Integer → float32: q × scale + offset, each step rounded to float32. */
export interface Dequantize extends OneToOne {
  readonly kind: "dequantize";
  /** How many numbers. */
  readonly size: number;
  readonly scale: number;
  readonly offset: number;
}

/** The surroundings alone, around integers. */
export interface IntegerPad extends OneToOne, Padded {
  readonly kind: "integer pad";
}

/** Bytes that a kernel reads. They are the same for all with the same key that are made of the same. */
export interface PackedBytes {
  readonly key: string;
  readonly sources: readonly object[];
  readonly bytes: number;
  readonly pack: (to: Uint8Array) => void;
}

/**
 * What computes a convolution: the depthwise kernel (every channel by itself), or a matrix kernel (all channels with all) whose rows are all
 * pixels of the picture at once or the windows along a row of the output.
 */
export type IntegerKernel = "depthwise" | "pixels" | "rows";

/**
 * A convolution. y = sum × factor, rounded to float32 from the int32 and again after the product; then the residual is added;
 * then y is truncated and bounded to 0…255. Zero points, the bias and the half that makes truncation rounding are in the integer that each
 * sum starts from. For float32 results y itself is the result.
 */
export interface IntegerSums extends OneToOne {
  readonly kind: "integer convolution";
  /** By kernels for 256 bits. */
  readonly wide: boolean;
  readonly from: Picture;
  readonly to: Picture;
  /** Without pads, unless it is depthwise. */
  readonly window: Window;
  readonly by: IntegerKernel;
  /** [window rows, window cols, channels (1 if depthwise), output channels], −127…127. */
  readonly kernel: Int8Array;
  /** For each output channel. */
  readonly starts: Int32Array;
  readonly factors: Float32Array;
  readonly results: "integers" | "f32";
  /** The integer around the picture. */
  readonly padding: number;
  /** A value whose integers, times `factor` and rounded to float32, are added to y. */
  readonly residual: { readonly value: number; readonly factor: number } | undefined;
}

/** A convolution with what its kernel needs, so that engines without integers need not know of them. */
export interface IntegerConvolution extends IntegerSums {
  readonly weights: PackedBytes;
  /** A row of padding if it is depthwise: it stands for rows above and below the picture. */
  readonly outside: PackedBytes;
  /** Every piece has its own. */
  readonly scratchBytes: number;
}

/** The mean over all pixels: a sum and its y as in a convolution, alike for all channels. */
export interface IntegerMean extends OneToOne {
  readonly kind: "integer mean";
  readonly from: Picture;
  readonly start: number;
  readonly factor: number;
  readonly results: "integers" | "f32";
}

export type IntegerOperation = Quantize | Dequantize | IntegerPad | IntegerConvolution | IntegerMean;
