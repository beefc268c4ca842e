/**
 * What a program becomes before a back end sees it: operations over the values of one sample, with every shape known. Nothing here says how
 * they are computed: a back end may take kinds of its own beside these into the list.
 */
import type { Padding2D } from "../core/padding.ts";
import type { Dims } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ElementwiseActivation } from "../layers/activations/activations.ts";
import type { Weight } from "../layers/weight.ts";
import type { Bounds } from "./bounds.ts";
import type { Picture } from "./picture.ts";
import { type Window, hasPads } from "./windows.ts";

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

/** A convolution in groups of channels: Conv2D, DepthwiseConv2D (a group for each channel), Dense (a window of 1 × 1 over one row). */
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
  /** The value before the residual is added, which nothing else reads. */
  readonly unadded?: number;
  /** Applied last. */
  readonly bounds: Bounds | undefined;
}

/** Zeros around a picture. */
export interface Pad extends OneToOne {
  readonly kind: "pad";
  readonly from: Picture;
  readonly pads: Padding2D;
}

/** The sum of two values of the same shape, then bounded. */
export interface Sum {
  readonly kind: "sum";
  readonly inputs: readonly [number, number];
  readonly output: number;
  readonly bounds: Bounds | undefined;
}

/** A value within bounds. */
export interface Clamp extends OneToOne {
  readonly kind: "clamp";
  readonly bounds: Bounds;
}

/** A factor and a summand for each channel, by themselves. */
export interface PerChannel extends OneToOne {
  readonly kind: "affine";
  readonly channels: number;
  readonly affine: Affine;
}

/** An activation of each number by itself, other than bounds. */
export interface ElementwiseMap extends OneToOne {
  readonly kind: "map";
  /** The activation that each number goes through. */
  readonly map: ElementwiseActivation;
}

/** The mean or the maximum of each channel under a window. */
export interface Pool extends OneToOne {
  readonly kind: "pool";
  readonly mode: "mean" | "max";
  readonly from: Picture;
  readonly to: Picture;
  /** Its zeros count neither for the mean nor for the maximum. */
  readonly window: Window;
}

/** Softmax along the last axis. */
export interface Softmax extends OneToOne {
  readonly kind: "softmax";
  /** How many lines there are, and how many numbers each has. */
  readonly lines: number;
  readonly length: number;
}

/** The same values under another shape. */
export interface Alias extends OneToOne {
  readonly kind: "alias";
}

/** What has no kind of its own: the layer's own forward computes it, for a batch of one. */
export interface Host {
  readonly kind: "host";
  readonly inputs: readonly number[];
  readonly output: number;
  readonly compute: (inputs: readonly Tensor<Float32Array>[]) => Tensor<Float32Array>;
}

/** An operation of float32 numbers. */
export type Operation = Convolution | Pad | Sum | Clamp | PerChannel | ElementwiseMap | Pool | Softmax | Alias | Host;

/** The operations of a program in an order that works. `Kind` is wider if a back end has operations of its own. */
export interface Operations<Kind = Operation> {
  readonly list: readonly Kind[];
  /** The numbers of the values that the caller gives, and of those that it gets. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The shape of every value, without the batch. */
  readonly shapes: readonly Dims[];
  /** The bytes of one number of every value; 4 of each if not given. */
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
    default:
      return [operation.input];
  }
}

/** How often each value is read, by operations and as an output. */
export function usesOf<Kind>(
  { list, outputs }: Operations<Kind>,
  reads: (operation: Kind) => readonly number[],
): ReadonlyMap<number, number> {
  const uses = new Map<number, number>();
  for (const value of [...list.flatMap(reads), ...outputs]) uses.set(value, (uses.get(value) ?? 0) + 1);
  return uses;
}

/** Whether a pool gives the mean of each channel over the whole picture, as GlobalAveragePooling2D does. */
export function isGlobalMean({ mode, to, from, window }: Pool): boolean {
  return (
    mode === "mean" &&
    to.rows * to.cols === 1 &&
    window.rows === from.rows &&
    window.cols === from.cols &&
    !hasPads(window)
  );
}

export function sameDims(a: Dims | undefined, b: Dims | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && a.every((axis, i) => axis === b[i]);
}
