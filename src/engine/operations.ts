/** The operations of a plan: those of float32 and of integers with their kernels, and chains of them. */
import type { DwconvRow } from "../kernels/f32/dwconv.ts";
import type { MapName } from "../kernels/f32/elementwise.ts";
import type { Tile } from "../kernels/f32/tilings.ts";
import {
  type Convolution,
  type ElementwiseMap,
  type Operation,
  type Operations,
  inputsOf as inputsOfFloats,
} from "../lowering/operations.ts";
import type { IntegerOperation } from "./integers/operations.ts";

/** What is asked of the engine: float32 operations, and integers for some of them. */
export type MixedOperation = Operation | IntegerOperation;

/**
 * What computes a convolution:
 * - `depthwise`: the depthwise kernel, row by row, every channel by itself.
 * - `pixels`: a matrix kernel. Windows are single pixels, which are the rows of one matrix (in several groups, of one for each).
 * - `rows`: a matrix kernel. The windows along a row of the output are the rows of a matrix (in several groups, of one for each).
 *
 * The matrix kernels read zeros around the picture from memory; the depthwise kernel leaves them out.
 */
export type ConvolutionKernel =
  { readonly kind: "depthwise"; readonly row: DwconvRow } | { readonly kind: "pixels" | "rows"; readonly tile: Tile };

/** A convolution and what computes it. */
export interface SelectedConvolution extends Convolution {
  readonly by: ConvolutionKernel;
}

/** An activation that there is a kernel for. */
export interface KernelMap extends ElementwiseMap {
  readonly map: MapName;
}

/** What `select` makes of it: kernels are there for everything but the operations of the host. */
export type SelectedOperation =
  Exclude<Operation, Convolution | ElementwiseMap> | SelectedConvolution | KernelMap | IntegerOperation;

/**
 * Convolutions that are computed row by row, one after the other: of the values between them only the rows that are still needed are
 * kept, so that they stay in the cache. The first may be any; those behind it are depthwise, or take single pixels.
 */
export interface Chain {
  readonly kind: "chain";
  readonly links: readonly SelectedConvolution[];
  readonly output: number;
  /** For each link but the last, the rows of its output that are kept, in a value of their own. */
  readonly kept: readonly { readonly rows: number; readonly value: number }[];
  /** Into how many pieces of rows it is cut; each has rows of its own in `kept`. */
  readonly pieces: number;
}

/** What a plan consists of. */
export type EngineOperation = SelectedOperation | Chain;
export type EngineOperations = Operations<EngineOperation>;

/** The values that an operation reads. */
export function inputsOf(operation: EngineOperation): readonly number[] {
  switch (operation.kind) {
    case "chain": {
      const between = new Set(operation.links.map((link) => link.output));
      return operation.links.flatMap(inputsOf).filter((value) => !between.has(value));
    }
    case "integer convolution":
      return operation.residual === undefined ? [operation.input] : [operation.input, operation.residual.value];
    case "quantize":
    case "dequantize":
    case "integer pad":
    case "integer mean":
      return [operation.input];
    default:
      return inputsOfFloats(operation);
  }
}

/** The values that hold something only while an operation runs. */
export function scratchOf(operation: EngineOperation): readonly number[] {
  return operation.kind === "chain" ? operation.kept.map(({ value }) => value) : [];
}

/** The float32 convolutions that an operation consists of. */
export function convolutionsOf(operation: EngineOperation): readonly SelectedConvolution[] {
  if (operation.kind === "chain") return operation.links;
  return operation.kind === "convolution" ? [operation] : [];
}
