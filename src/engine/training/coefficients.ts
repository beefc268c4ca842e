/** What a scaling consists of, forwards and backwards, and what of it is known before a run. */
import { align } from "../plan/arena.ts";
import type { Scaling } from "./matrices.ts";

/** The names, in the order in which they lie in memory; there is a number for each channel. */
export const COEFFICIENTS = [
  /** Of the scaling: value × factor + summand. */
  "factor",
  "summand",
  /** Of what is normalized: its mean, and 1 / its deviation. */
  "mean",
  "deviation",
  /** Of its gradient: gradient × factor + value × `ofValue` + `constant`. */
  "ofValue",
  "constant",
] as const;

export type Coefficient = (typeof COEFFICIENTS)[number];

/** The bytes of one coefficient of all channels: coefficients lie in cache lines of their own. */
export function coefficientBytes({ channels }: Scaling): number {
  return align(channels * 4);
}

/** The coefficients of a scaling that are known before a run; those by the batch are found during it. */
export function knownCoefficients({
  kind,
  layer,
  factors,
  summands,
  channels,
}: Scaling): Partial<Record<Coefficient, ArrayLike<number>>> {
  const zeros = new Float32Array(channels);
  if (kind === "constant") return { factor: factors, summand: summands, mean: zeros, deviation: zeros };
  if (kind === "batch" || layer === undefined) return {};
  const gamma = layer.scale ? layer.weight("gamma").values : undefined;
  const beta = layer.center ? layer.weight("beta").values : undefined;
  const mean = layer.weight("moving_mean").values;
  const variance = layer.weight("moving_variance").values;
  const deviation = Float64Array.from(variance, (v) => 1 / Math.sqrt(v + layer.epsilon));
  const factor = deviation.map((value, c) => value * (gamma?.[c] ?? 1));
  const summand = factor.map((value, c) => (beta?.[c] ?? 0) - (mean[c] ?? NaN) * value);
  return { factor, summand, mean, deviation };
}
