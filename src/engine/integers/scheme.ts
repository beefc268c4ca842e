/**
 * How real numbers become integers: affine quantization (Jacob et al. 2018, arXiv 1712.05877), a scale and a zero point a tensor for
 * activations, a symmetric scale a channel for weights.
 */
import { LEVELS } from "../../kernels/i8/parts.ts";

/** The real numbers that a tensor's integers reach. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** real = scale × (integer − zeroPoint), for integers from 0 to 255. The zero point may lie between integers. */
export interface Quantization {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Weights are −127…127: their products with bytes, two by two, fit 16 bits. */
export const WEIGHT_LIMIT = 127;

/** The quantization whose integers span a range; 0 is inside. */
export function quantizationOf({ low, high }: Range): Quantization {
  const from = Math.min(low, 0);
  const to = Math.max(high, 0);
  // A tensor of zeros needs a scale too.
  const scale = Math.fround((to - from) / LEVELS) || 1;
  return { scale, zeroPoint: -from / scale };
}

/** The integer nearest to 0, as padding. */
export function paddingOf({ zeroPoint }: Quantization): number {
  return Math.min(LEVELS, Math.max(0, Math.round(zeroPoint)));
}
