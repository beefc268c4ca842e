/** What a program becomes: operations over values of one picture, with every shape known. */
import type { Padding2D } from "../core/padding.ts";
import type { Dims } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { MapName } from "../kernels/f32/elementwise.ts";
import type { PoolMode } from "../kernels/f32/reduce.ts";
import type { Weight } from "../layers/weight.ts";
import type { Picture, Window } from "./picture.ts";
import type { IntegerOperation } from "./integers/operations.ts";

export type { Picture, Window } from "./picture.ts";

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** A factor and a summand for each channel, made of weights (of BatchNormalization, say) whenever they have changed. */
export interface Affine {
  /** The layer that it comes from. */
  readonly source: object;
  readonly weights: readonly Weight[];
  readonly scale: () => ArrayLike<number>;
  readonly offset: () => ArrayLike<number>;
}

interface OneToOne {
  readonly input: number;
  readonly output: number;
}

/** Convolution in groups of channels: Conv2D, DepthwiseConv2D (a group a channel), Dense (a window of 1 × 1 over one row). */
export interface Convolution extends OneToOne {
  readonly kind: "convolution";
  /** The layer's name. */
  readonly name: string;
  readonly from: Picture;
  readonly to: Picture;
  readonly window: Window;
  readonly groups: number;
  /** [window rows, window cols, channels of a group, output channels], row-major. */
  readonly kernel: Weight;
  readonly bias: Weight | undefined;
  /** Applied to the sums, in order. */
  readonly affines: readonly Affine[];
  /** A value of the output's shape that is added after the affines. */
  readonly residual: number | undefined;
  /** Applied last. */
  readonly bounds: Bounds | undefined;
}

/**
 * Convolutions that are computed row by row, one after the other: of the values between them only the rows that are still needed are
 * kept, so that they stay in the cache. The first may be any; those behind it are depthwise or of single pixels.
 */
export interface Chain {
  readonly kind: "chain";
  readonly links: readonly Convolution[];
  readonly output: number;
  /** For each link but the last, the rows of its output that are kept, in a value of their own. */
  readonly kept: readonly { readonly rows: number; readonly value: number }[];
  /** Into how many pieces of rows it is cut; each has rows of its own in `kept`. */
  readonly pieces: number;
}

export interface Pad extends OneToOne {
  readonly kind: "pad";
  readonly from: Picture;
  readonly pads: Padding2D;
}

export interface Sum {
  readonly kind: "sum";
  readonly inputs: readonly [number, number];
  readonly output: number;
  readonly bounds: Bounds | undefined;
}

export interface Clamp extends OneToOne {
  readonly kind: "clamp";
  readonly bounds: Bounds;
}

export interface PerChannel extends OneToOne {
  readonly kind: "affine";
  readonly channels: number;
  readonly affine: Affine;
}

export interface ElementwiseMap extends OneToOne {
  readonly kind: "map";
  readonly map: MapName;
}

export interface Pool extends OneToOne {
  readonly kind: "pool";
  readonly mode: PoolMode;
  readonly from: Picture;
  readonly to: Picture;
  /** Padding is left out of the mean and the maximum. */
  readonly window: Window;
}

export interface Softmax extends OneToOne {
  readonly kind: "softmax";
  readonly lines: number;
  readonly length: number;
}

/** The same values under another shape. */
export interface Alias extends OneToOne {
  readonly kind: "alias";
}

/** What no kernel does: computed by the layer itself, outside WebAssembly. */
export interface Host {
  readonly kind: "host";
  readonly inputs: readonly number[];
  readonly output: number;
  readonly compute: (inputs: readonly Tensor<Float32Array>[]) => Tensor<Float32Array>;
}

export type Operation =
  | Convolution
  | Pad
  | Sum
  | Clamp
  | PerChannel
  | ElementwiseMap
  | Pool
  | Softmax
  | Alias
  | Host
  | Chain
  | IntegerOperation;

export interface Operations {
  readonly list: readonly Operation[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The shape of every value, without the batch. */
  readonly shapes: readonly Dims[];
  /** The bytes of one number of every value; 4 unless given. */
  readonly bytes?: readonly number[];
}

/** The values that an operation reads. */
export function inputsOf(operation: Operation): readonly number[] {
  switch (operation.kind) {
    case "sum":
    case "host":
      return operation.inputs;
    case "convolution":
      return operation.residual === undefined ? [operation.input] : [operation.input, operation.residual];
    case "chain": {
      const between = new Set(operation.links.map((link) => link.output));
      return operation.links.flatMap(inputsOf).filter((value) => !between.has(value));
    }
    case "integer convolution":
      return operation.residual === undefined ? [operation.input] : [operation.input, operation.residual.value];
    default:
      return [operation.input];
  }
}

/** Values that hold something only while the operation runs. */
export function scratchOf(operation: Operation): readonly number[] {
  return operation.kind === "chain" ? operation.kept.map(({ value }) => value) : [];
}

/** The convolutions that an operation consists of. */
export function convolutionsOf(operation: Operation): readonly Convolution[] {
  if (operation.kind === "chain") return operation.links;
  return operation.kind === "convolution" ? [operation] : [];
}

export function sameDims(a: Dims | undefined, b: Dims | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && a.every((axis, i) => axis === b[i]);
}
