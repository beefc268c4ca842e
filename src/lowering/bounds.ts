/** Activations that are nothing but bounds (relu, relu6, hard_tanh): whoever writes a value can apply them at no cost. */
import type { ActivationName } from "../layers/activations/activations.ts";

/** Every number below `low` becomes `low`, every number above `high` becomes `high`; NaN stays NaN. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export const BOUNDS: ReadonlyMap<ActivationName, Bounds> = new Map<ActivationName, Bounds>([
  ["relu", { low: 0, high: Infinity }],
  ["relu6", { low: 0, high: 6 }],
  ["hard_tanh", { low: -1, high: 1 }],
]);
