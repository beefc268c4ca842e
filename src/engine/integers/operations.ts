/** Integer operations: convolutions, means, and the ways from float32 to integers and back. They stand among the float32 operations of a plan. */
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
  /** The integer that stands there. */
  readonly padding: number;
}

/**
 * float32 → integer: truncate(clamp(x × factor + offset, 0, 255)), each step rounded to float32; NaN becomes 0.
 * A picture that a window will run over is written with its surroundings.
 */
export interface Quantize extends OneToOne {
  readonly kind: "quantize";
  /** The number of numbers. */
  readonly size: number;
  readonly factor: number;
  readonly offset: number;
  readonly padded: Padded | undefined;
}

/** Integer → float32: q × scale + offset, each step rounded to float32. */
export interface Dequantize extends OneToOne {
  readonly kind: "dequantize";
  /** The number of numbers. */
  readonly size: number;
  readonly scale: number;
  readonly offset: number;
}

/** Integers with their surroundings, copied from those without. */
export interface IntegerPad extends OneToOne, Padded {
  readonly kind: "integer pad";
}

/** Bytes that a kernel reads. Two with the same key and the same sources are the same. */
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
  /** Whether the kernels are those for 256 bits. */
  readonly wide: boolean;
  readonly from: Picture;
  readonly to: Picture;
  /** Without pads, unless it is depthwise. */
  readonly window: Window;
  readonly by: IntegerKernel;
  /** [window rows, window cols, channels (1 if depthwise), output channels], −127…127. */
  readonly kernel: Int8Array;
  /** A number for each output channel; so are the factors. */
  readonly starts: Int32Array;
  readonly factors: Float32Array;
  readonly results: "integers" | "f32";
  /** The integer around the picture. */
  readonly padding: number;
  /** A value whose integers, times `factor` and rounded to float32, are added to y. */
  readonly residual: { readonly value: number; readonly factor: number } | undefined;
}

/** A convolution with what its kernel needs: packing weights need not know of integers. */
export interface IntegerConvolution extends IntegerSums {
  readonly weights: PackedBytes;
  /** A row of padding if it is depthwise: it stands for rows above and below the picture. */
  readonly outside: PackedBytes;
  /** The scratch memory of all pieces: each has its own. */
  readonly scratchBytes: number;
}

/** The mean of each channel over all pixels. As in a convolution y = sum × factor, with one start and one factor for all channels. */
export interface IntegerMean extends OneToOne {
  readonly kind: "integer mean";
  readonly from: Picture;
  readonly start: number;
  readonly factor: number;
  readonly results: "integers" | "f32";
}

export type IntegerOperation = Quantize | Dequantize | IntegerPad | IntegerConvolution | IntegerMean;
