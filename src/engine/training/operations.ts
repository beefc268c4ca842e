/** What a program becomes in training: operations over matrices of a whole batch, forwards and backwards. */
import type { Padding2D } from "../../core/padding.ts";
import type { Dims } from "../../core/shape.ts";
import type { MapName } from "../../kernels/f32/elementwise.ts";
import type { BatchNormalization } from "../../layers/normalization/batch-normalization.ts";
import type { Dropout } from "../../layers/regularization/dropout.ts";
import type { OutputActivation } from "../../layers/gradients.ts";
import type { Layer } from "../../layers/layer.ts";
import type { Weight } from "../../layers/weight.ts";
import type { Bounds } from "../../lowering/bounds.ts";
import type { Picture } from "../../lowering/picture.ts";
import type { Window } from "../../lowering/windows.ts";

/** Float32 numbers in memory: a row for each pixel of each picture. Values and gradients have numbers, which say which matrix is meant. */
export interface Matrix {
  /** Batch first. */
  readonly shape: Dims;
  /** Of the whole batch. */
  readonly pixels: number;
  readonly channels: number;
}

/** A factor and a summand for each channel. */
export interface Scaling {
  /** They come from the statistics of the batch, from the moving ones, or are always the same. */
  readonly kind: "batch" | "moving" | "constant";
  /** Among all scalings. */
  readonly index: number;
  readonly channels: number;
  readonly layer: BatchNormalization | undefined;
  /** Of a constant one. */
  readonly factors: readonly number[];
  readonly summands: readonly number[];
}

/**
 * What operations read: the numbers of a matrix, or what normalization and bounds make of them. The latter are never stored:
 * whoever reads them computes them again, block by block.
 */
export interface View {
  readonly of: number;
  /** There wherever there are bounds. */
  readonly scaling: Scaling | undefined;
  readonly bounds: Bounds | undefined;
}

export type ConvolutionKernel =
  /** A matrix product, pixel by pixel. */
  | "pixels"
  | "depthwise"
  /** Any window, over an input that has its zeros around it. */
  | "window";

export interface Convolution {
  readonly kind: "convolution";
  readonly name: string;
  readonly by: ConvolutionKernel;
  readonly input: View;
  readonly output: number;
  readonly batch: number;
  readonly from: Picture;
  readonly to: Picture;
  readonly window: Window;
  readonly kernel: Weight;
  readonly bias: Weight | undefined;
  /** Normalizations of its output by the batch, whose statistics are gathered on the way. */
  readonly statistics: readonly Scaling[];
}

/** The statistics of a matrix that no convolution makes. */
export interface Statistics {
  readonly kind: "statistics";
  readonly of: number;
  readonly statistics: readonly Scaling[];
}

/** The sum of some values, or one of them as it is. */
export interface Sum {
  readonly kind: "sum";
  readonly inputs: readonly View[];
  readonly output: number;
}

export interface Pad {
  readonly kind: "pad";
  readonly input: View;
  readonly output: number;
  readonly batch: number;
  readonly from: Picture;
  readonly pads: Padding2D;
}

/** The mean of all pixels of a picture. */
export interface Mean {
  readonly kind: "mean";
  readonly input: View;
  readonly output: number;
  readonly batch: number;
}

/** The largest of all pixels of a picture. */
export interface Largest {
  readonly kind: "largest";
  readonly input: View;
  readonly output: number;
  readonly batch: number;
}

/** Means over the pixels of windows; padding is left out of them. */
export interface Average {
  readonly kind: "average";
  readonly input: number;
  readonly output: number;
  readonly batch: number;
  readonly from: Picture;
  readonly to: Picture;
  readonly window: Window;
}

/** An activation that is more than bounds. */
export interface Activation {
  readonly kind: "activation";
  readonly activation: OutputActivation;
  /** The kernel that does it; else it is computed outside WebAssembly. */
  readonly by: MapName | "softmax" | undefined;
  readonly input: number;
  readonly output: number;
}

/** Dropout: a product with numbers that the host has drawn. */
export interface Mask {
  readonly kind: "mask";
  readonly input: View;
  readonly mask: number;
  readonly output: number;
  readonly layer: Dropout;
  /** The number of the program's step. */
  readonly step: number;
}

/** What no kernel does: the layer computes it but for its activation, and its gradients, outside WebAssembly. */
export interface Host {
  readonly kind: "host";
  readonly layer: Layer;
  readonly inputs: readonly number[];
  readonly output: number;
  readonly step: number;
  /** Whether it behaves as in training. */
  readonly training: boolean;
}

export type Forward = Convolution | Statistics | Sum | Pad | Mean | Largest | Average | Activation | Mask | Host;

/** A program for inputs of one shape. */
export interface Lowered {
  readonly list: readonly Forward[];
  readonly matrices: readonly Matrix[];
  /** Of every matrix the view that reads it as it is. */
  readonly raw: readonly View[];
  readonly scalings: readonly Scaling[];
  readonly inputs: readonly number[];
  readonly outputs: readonly Output[];
}

export interface Output {
  /** Where it is read. */
  readonly matrix: number;
  /** What those who use it further on read; its gradient is the output's. */
  readonly view: View;
  /** What it is softmax or sigmoid of. */
  readonly logits: number | undefined;
}

export function isRaw({ scaling }: View): boolean {
  return scaling === undefined;
}

/** The values that an operation reads, as it reads them. */
export function viewsOf(operation: Forward, raw: readonly View[]): readonly View[] {
  switch (operation.kind) {
    case "sum":
      return operation.inputs;
    case "host":
      return operation.inputs.map((input) => viewOf(raw, input));
    case "activation":
    case "average":
      return [viewOf(raw, operation.input)];
    case "statistics":
      return [viewOf(raw, operation.of)];
    default:
      return [operation.input];
  }
}

/** The view that reads a matrix as it is. */
export function viewOf(raw: readonly View[], matrix: number): View {
  const view = raw[matrix];
  if (view === undefined) throw new Error(`no matrix ${matrix}`);
  return view;
}

/** The weights that an operation has gradients of; those of normalizations belong to views. */
export function weightsOf(operation: Forward): readonly Weight[] {
  if (operation.kind === "host") return operation.layer.weights;
  if (operation.kind !== "convolution") return [];
  return operation.bias === undefined ? [operation.kernel] : [operation.kernel, operation.bias];
}
