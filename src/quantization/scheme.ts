/**
 * How real numbers become integers: affine quantization (Jacob et al. 2018, arXiv 1712.05877), with a scale and a zero point for each
 * tensor of activations, and a scale alone for each output channel of weights.
 */

/** The largest integer of an activation; the least is 0. */
export const LEVELS = 255;

/** The least and the largest real number that a tensor's integers stand for. */
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

/** The integer that is nearest to the real number 0: what stands around pictures. */
export function paddingOf({ zeroPoint }: Quantization): number {
  return Math.min(LEVELS, Math.max(0, Math.round(zeroPoint)));
}
