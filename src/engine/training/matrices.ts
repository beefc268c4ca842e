/** The values of a training step: matrices of a whole batch, and the views through which operations read them. */
import type { Dims } from "../../core/shape.ts";
import type { BatchNormalization } from "../../layers/normalization/batch-normalization.ts";
import type { Bounds } from "../../lowering/bounds.ts";

/** Float32 numbers in memory: a row for each pixel of each picture. Values and gradients have numbers, which say which matrix is meant. */
export interface Matrix {
  /** Batch first. */
  readonly shape: Dims;
  /** The number of pixels in the whole batch. */
  readonly pixels: number;
  readonly channels: number;
}

/** A factor and a summand for each channel. */
export interface Scaling {
  /** They come from the statistics of the batch, from the moving ones, or are always the same. */
  readonly kind: "batch" | "moving" | "constant";
  /** Its number among all scalings. */
  readonly index: number;
  readonly channels: number;
  readonly layer: BatchNormalization | undefined;
  /** Those of a constant one. */
  readonly factors: readonly number[];
  readonly summands: readonly number[];
}

/**
 * What operations read: the numbers of a matrix, or what normalization and bounds make of them. The latter are never stored:
 * whoever reads them computes them again, block by block.
 */
export interface View {
  /** The number of the matrix. */
  readonly of: number;
  /** There is one if there are bounds. */
  readonly scaling: Scaling | undefined;
  readonly bounds: Bounds | undefined;
}

/** Whether a view reads its matrix as it is. */
export function isRaw({ scaling }: View): boolean {
  return scaling === undefined;
}
