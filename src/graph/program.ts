/** A graph made flat for those who run it: nested models inlined, steps in an order that works. Pure data. */
import type { Shape } from "../core/shape.ts";
import type { Layer } from "../layers/layer.ts";

/** Applies a layer (never a model, never an InputLayer) to values; values are numbers from 0, each made once. */
export interface Step {
  readonly layer: Layer;
  readonly inputs: readonly number[];
  readonly output: number;
}

export interface Program {
  readonly steps: readonly Step[];
  /** The values that the caller gives, and those it gets. An output can be an input. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The symbolic shape of every value, batch first. */
  readonly shapes: readonly Shape[];
}
