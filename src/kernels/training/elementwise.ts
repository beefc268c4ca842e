/** Small kernels of training: sums over pixels, the same values for all pixels, products, and runs that are added where they overlap. */
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { type Arithmetic, VECTOR, multiplyAdd } from "../parts.ts";
import { PixelBlock, parameters, vectorAt } from "./parts.ts";

export function columnSumsName(arithmetic: Arithmetic): string {
  return `f32_column_sums__${arithmetic}`;
}

/** Adds `factor` × Σ x to the sum of each channel. Parameters: `pixels`, `channels` (at least 1), `x`, `sums` (whole vectors), `factor`. */
export function columnSums(
  module: ModuleBuilder,
  { arithmetic }: { readonly arithmetic: Arithmetic },
): FunctionBuilder {
  const f = module.function(columnSumsName(arithmetic));
  const [pixels, channels, x, sums] = [f.param("i32"), f.param("i32"), f.param("i32"), f.param("i32")];
  const factors = f.local("v128", f32x4.splat(f.param("f32")));
  const block = new PixelBlock(f, pixels, channels);
  const from = block.matrix(x);
  const made = block.vectors();
  block.each(
    (v) => {
      const sum = vectorAt(made, v);
      f.set(sum, multiplyAdd(arithmetic, v128.load(from, v * VECTOR), factors, sum));
    },
    { before: () => block.load(made, sums), after: () => block.save(made, sums) },
  );
  return f;
}

export const SPREAD = "f32_spread";

/** Sets every pixel to `factor` × the values of the channels. Parameters: `pixels`, `channels` (at least 1), `from`, `to`, `factor`. */
export function spread(module: ModuleBuilder): FunctionBuilder {
  const f = module.function(SPREAD);
  const [pixels, channels, from, to] = [f.param("i32"), f.param("i32"), f.param("i32"), f.param("i32")];
  const factors = f.local("v128", f32x4.splat(f.param("f32")));
  const block = new PixelBlock(f, pixels, channels);
  const target = block.matrix(to);
  const values = block.vectors();
  block.each(() => undefined, {
    before: () => {
      block.load(values, from);
      for (const value of values) f.set(value, f32x4.mul(value, factors));
    },
    afterPixel: () => block.store(values, target),
  });
  return f;
}

export const MULTIPLY = "f32_multiply";

/** Multiplies element by element. Parameters: `count` (of vectors, at least 1), `a`, `b`, `to` (may be either). */
export function multiply(module: ModuleBuilder): FunctionBuilder {
  const f = module.function(MULTIPLY);
  const [count, a, b, to] = [f.param("i32"), f.param("i32"), f.param("i32"), f.param("i32")];
  f.repeat(() => {
    f.store(v128.store(to, f32x4.mul(v128.load(a), v128.load(b))));
    for (const pointer of [a, b, to]) f.increase(pointer, VECTOR);
    f.increase(count, -1);
  }, count);
  return f;
}

export const ADD_RUNS = "f32_add_runs";

/**
 * Adds runs of floats to other runs, one after the other, as the latter may overlap like the windows of a convolution. Parameters: `runs`
 * (at least 1), `length` (of a run), `from`, `fromStride`, `to`, `toStride` (in bytes).
 */
export function addRuns(module: ModuleBuilder): FunctionBuilder {
  const f = module.function(ADD_RUNS);
  const [runs, length, from, fromStride, to, toStride] = parameters(f, 6);
  const [left, source, target] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const advance = (bytes: number): void => {
    for (const pointer of [source, target]) f.increase(pointer, bytes);
  };
  f.repeat(() => {
    f.set(source, from);
    f.set(target, to);
    f.set(left, i32.shr_u(length, i32.const(2)));
    f.times(left, () => {
      f.store(v128.store(target, f32x4.add(v128.load(target), v128.load(source))));
      advance(VECTOR);
    });
    f.set(left, i32.and(length, i32.const(3)));
    f.times(left, () => {
      f.store(f32.store(target, f32.add(f32.load(target), f32.load(source))));
      advance(4);
    });
    f.increase(from, fromStride);
    f.increase(to, toStride);
    f.increase(runs, -1);
  }, runs);
  return f;
}
