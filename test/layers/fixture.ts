/** What real Keras answered (test/fixtures/layers/make.py), and how the tests make its inputs and weights again. */
import { readFileSync } from "node:fs";
import { uniform } from "../../src/core/random.ts";
import { type Dims, type Shape, sizeOf } from "../../src/core/shape.ts";
import { Tensor } from "../../src/core/tensor.ts";
import type { LayerConfig } from "../../src/layers/layer.ts";
import { assertWithin, maxMagnitude } from "../support/compare.ts";

/** A number, or "nan", "inf", "-inf". */
export type Plain = number | string;

export interface Fixture {
  readonly special: readonly Plain[];
  readonly forward: readonly {
    readonly layer: string;
    readonly config: LayerConfig;
    readonly inputs: readonly Dims[];
    readonly weights: readonly (readonly [string, Dims])[];
    readonly shape: Dims;
    readonly output: readonly Plain[];
  }[];
  readonly activations: readonly {
    readonly name: string;
    readonly line: readonly Plain[];
    readonly special: readonly Plain[];
  }[];
  readonly specialLayers: readonly {
    readonly layer: string;
    readonly config: LayerConfig;
    readonly output: readonly Plain[];
  }[];
  readonly shapes: readonly ShapeCase[];
  /** The second shape for a layer that was built with the first. */
  readonly rebuilt: readonly ShapeCase[];
  /** What a layer's `get_config()` gives, under our names. */
  readonly configs: readonly { readonly layer: string; readonly config: LayerConfig; readonly whole: LayerConfig }[];
  readonly refused: readonly { readonly layer: string; readonly config: LayerConfig; readonly error: string }[];
}

export interface ShapeCase {
  readonly layer: string;
  readonly config: LayerConfig;
  readonly inputs: readonly Shape[];
  readonly shape?: Shape;
  readonly error?: string;
}

export const fixture: Fixture = JSON.parse(
  readFileSync(new URL("../fixtures/layers/keras.json", import.meta.url), "utf8"),
);

export function numbers(values: readonly Plain[]): number[] {
  return values.map((value) => {
    if (typeof value === "number") return value;
    if (value === "nan") return NaN;
    return value === "inf" ? Infinity : -Infinity;
  });
}

/** A tensor of seeded values. */
export function seeded(name: string, shape: Dims, lo = -1, hi = 1): Tensor<Float32Array> {
  return new Tensor(shape, uniform(name, sizeOf(shape), lo, hi));
}

/** Asserts that values are Keras's within 1e-6 of the largest magnitude; NaN and infinities in the same places. */
export function assertEqualsKeras(actual: Float32Array, answer: readonly Plain[]): void {
  const expected = numbers(answer);
  assertWithin(actual, expected, 1e-6 * maxMagnitude(expected.filter(Number.isFinite)));
}
