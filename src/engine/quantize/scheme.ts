/**
 * How real numbers become integers: affine quantization (Jacob et al. 2018, arXiv 1712.05877), a scale and a zero point a tensor for
 * activations, a symmetric scale a channel for weights.
 */
import type { IntegerMode } from "../../kernels/i8-parts.ts";

/** The largest integer of an activation; the least is 0. */
export type Levels = 127 | 255;

export function levelsOf(mode: IntegerMode): Levels {
  return mode === "u7" ? 127 : 255;
}

/** The real numbers that a tensor's integers reach. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** real = scale × (integer − zeroPoint), for integers from 0 to `levels`. The zero point may lie between integers. */
export interface Quantization {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly levels: Levels;
}

/** Weights are −127…127, so that two products of one with an activation of 7 bits fit 16 bits. */
export const WEIGHT_LIMIT = 127;

/** The quantization whose integers span a range; 0 is inside. */
export function quantizationOf({ low, high }: Range, levels: Levels): Quantization {
  const from = Math.min(low, 0);
  const to = Math.max(high, 0);
  // A tensor of zeros needs a scale too.
  const scale = Math.fround((to - from) / levels) || 1;
  return { scale, zeroPoint: -from / scale, levels };
}

/** The integer nearest to 0, as padding. */
export function paddingOf({ zeroPoint, levels }: Quantization): number {
  return Math.min(levels, Math.max(0, Math.round(zeroPoint)));
}
