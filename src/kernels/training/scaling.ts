/**
 * Normalization in training (Ioffe and Szegedy 2015), over blocks of pixels that are in the cache: a factor and a summand for each channel,
 * a clamp, statistics, and the gradients of all that. Matrices are [pixels, channels] without gaps.
 *
 * Parameters: `pixels`, `channels` (at least 1), then the addresses of matrices and of numbers for each channel, then `low` and `high` if
 * the results are clamped (`minmax`). Up to 3 floats are read beyond the ends.
 */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { type Arithmetic, Clamp, VECTOR, multiplyAdd } from "../parts.ts";
import { PixelBlock, parameters, vectorAt } from "./parts.ts";

interface Variant {
  readonly arithmetic: Arithmetic;
  /** Whether the results are clamped after the scaling. */
  readonly minmax: boolean;
}

export interface ScaleVariant extends Variant {
  /** Whether another matrix is added after the clamp. */
  readonly add: boolean;
}

export interface GradientVariant extends Variant {
  /** Whether the gradient also depends on the value, as it does in normalization by the batch. */
  readonly value: boolean;
}

export function scaleName({ arithmetic, minmax, add }: ScaleVariant): string {
  return `f32_scale${add ? "_add" : ""}${minmax ? "_minmax" : ""}__${arithmetic}`;
}

export function scaleReduceName({ arithmetic, minmax }: Variant): string {
  return `f32_scale_reduce${minmax ? "_minmax" : ""}__${arithmetic}`;
}

export function scaleGradientName({ arithmetic, minmax, value }: GradientVariant): string {
  return `f32_scale_gradient${value ? "_value" : ""}${minmax ? "_minmax" : ""}__${arithmetic}`;
}

export function momentsName(arithmetic: Arithmetic): string {
  return `f32_moments__${arithmetic}`;
}

type I32 = Local<"i32">;

/** Computes y = clamp(x × factor + summand) + r. Addresses: `x`, `y` (may be `x`), `factor`, `summand`; `r` (may be `y`) if `add`. */
export function scale(module: ModuleBuilder, variant: ScaleVariant): FunctionBuilder {
  const { arithmetic, minmax, add } = variant;
  const f = module.function(scaleName(variant));
  const [pixels, channels, x, y, factor, summand] = parameters(f, 6);
  const r = add ? f.param("i32") : undefined;
  const clamp = minmax ? new Clamp(f, f.param("f32"), f.param("f32")) : undefined;
  const block = new PixelBlock(f, pixels, channels);
  const [from, to] = [block.matrix(x), block.matrix(y)];
  const added = r && block.matrix(r);
  const [factors, summands, values] = [block.vectors(), block.vectors(), block.vectors()];
  block.each(
    (v) => {
      const value = vectorAt(values, v);
      const scaled = multiplyAdd(arithmetic, v128.load(from, v * VECTOR), vectorAt(factors, v), vectorAt(summands, v));
      f.set(value, clamp?.apply(scaled) ?? scaled);
      if (added !== undefined) f.set(value, f32x4.add(value, v128.load(added, v * VECTOR)));
    },
    {
      before: () => {
        block.load(factors, factor);
        block.load(summands, summand);
      },
      afterPixel: () => block.store(values, to),
    },
  );
  return f;
}

/** Passes a gradient only if the scaled value lies between the bounds: at the bounds it is 0, as for TensorFlow's ReLU6. */
class Inside {
  readonly #arithmetic: Arithmetic;
  readonly #low: Local<"v128">;
  readonly #high: Local<"v128">;
  readonly #factors: readonly Local<"v128">[];
  readonly #summands: readonly Local<"v128">[];
  readonly #scaled: Local<"v128">;
  readonly #load: () => void;

  constructor(
    f: FunctionBuilder,
    block: PixelBlock,
    arithmetic: Arithmetic,
    { low, high, factor, summand }: { low: Local<"f32">; high: Local<"f32">; factor: I32; summand: I32 },
  ) {
    this.#arithmetic = arithmetic;
    this.#low = f.local("v128", f32x4.splat(low));
    this.#high = f.local("v128", f32x4.splat(high));
    this.#factors = block.vectors();
    this.#summands = block.vectors();
    this.#scaled = f.local("v128");
    this.#load = () => {
      block.load(this.#factors, factor);
      block.load(this.#summands, summand);
    };
  }

  load(): void {
    this.#load();
  }

  /** The gradient if the scaled value lies between the bounds, else 0. */
  apply(f: FunctionBuilder, gradient: Expr<"v128">, value: Expr<"v128">, v: number): Expr<"v128"> {
    const [factor, summand] = [vectorAt(this.#factors, v), vectorAt(this.#summands, v)];
    f.set(this.#scaled, multiplyAdd(this.#arithmetic, value, factor, summand));
    const inside = v128.and(f32x4.gt(this.#scaled, this.#low), f32x4.lt(this.#scaled, this.#high));
    return v128.and(gradient, inside);
  }
}

/**
 * Computes Σ g and Σ g × (x − mean) for each channel, over the gradients that pass the bounds. Addresses: `gradient`, `x`, `sums` (all
 * first sums, and `sumsStride` bytes further all second sums, both in whole vectors), `sumsStride`, `mean`, `factor`, `summand`.
 */
export function scaleReduce(module: ModuleBuilder, variant: Variant): FunctionBuilder {
  const { arithmetic, minmax } = variant;
  const f = module.function(scaleReduceName(variant));
  const [pixels, channels, gradient, x, sums, sumsStride, mean, factor, summand] = parameters(f, 9);
  const bounds = minmax ? { low: f.param("f32"), high: f.param("f32") } : undefined;
  const block = new PixelBlock(f, pixels, channels);
  const inside = bounds && new Inside(f, block, arithmetic, { ...bounds, factor, summand });
  const [gradients, values] = [block.matrix(gradient), block.matrix(x)];
  const means = block.vectors();
  const [g, value] = [f.local("v128"), f.local("v128")];
  const both = new TwoSums(f, block, { channels, sums, sumsStride });
  block.each(
    (v) => {
      const [one, other] = both.at(v);
      f.set(value, v128.load(values, v * VECTOR));
      const loaded = v128.load(gradients, v * VECTOR);
      f.set(g, inside?.apply(f, loaded, value, v) ?? loaded);
      f.set(one, f32x4.add(one, g));
      f.set(other, multiplyAdd(arithmetic, g, f32x4.sub(value, vectorAt(means, v)), other));
    },
    {
      before: () => {
        inside?.load();
        block.load(means, mean);
        both.load();
      },
      after: () => both.save(),
    },
  );
  return f;
}

/**
 * The gradient through scaling and clamp: g × factor and, if `value`, + x × ofValue + constant. Addresses: `gradient`, `x`, `to` (may be
 * `gradient`), `factor`, `summand`; `ofValue` and `constant` if `value`.
 */
export function scaleGradient(module: ModuleBuilder, variant: GradientVariant): FunctionBuilder {
  const { arithmetic, minmax } = variant;
  const f = module.function(scaleGradientName(variant));
  const [pixels, channels, gradient, x, to, factor, summand] = parameters(f, 7);
  const others = variant.value ? { ofValue: f.param("i32"), constant: f.param("i32") } : undefined;
  const bounds = minmax ? { low: f.param("f32"), high: f.param("f32") } : undefined;
  const block = new PixelBlock(f, pixels, channels);
  const inside = bounds && new Inside(f, block, arithmetic, { ...bounds, factor, summand });
  const [gradients, values, results] = [block.matrix(gradient), block.matrix(x), block.matrix(to)];
  const [factors, ofValues, constants, made] = [block.vectors(), block.vectors(), block.vectors(), block.vectors()];
  const value = f.local("v128");
  block.each(
    (v) => {
      const result = vectorAt(made, v);
      if (minmax || others !== undefined) f.set(value, v128.load(values, v * VECTOR));
      const loaded = v128.load(gradients, v * VECTOR);
      f.set(result, inside?.apply(f, loaded, value, v) ?? loaded);
      if (others === undefined) f.set(result, f32x4.mul(result, vectorAt(factors, v)));
      else {
        const rest = multiplyAdd(arithmetic, value, vectorAt(ofValues, v), vectorAt(constants, v));
        f.set(result, multiplyAdd(arithmetic, result, vectorAt(factors, v), rest));
      }
    },
    {
      before: () => {
        inside?.load();
        block.load(factors, factor);
        if (others === undefined) return;
        block.load(ofValues, others.ofValue);
        block.load(constants, others.constant);
      },
      afterPixel: () => block.store(made, results),
    },
  );
  return f;
}

/**
 * Computes Σ (x − shift) and Σ (x − shift)² for each channel. The shift is the first pixel, so that small differences are not lost.
 * Addresses: `x`, `sums`; then `sumsStride`. It writes the first sums, each `sumsStride` bytes further the second sums, the shifts, and the
 * number of pixels as a float.
 */
export function moments(module: ModuleBuilder, { arithmetic }: { readonly arithmetic: Arithmetic }): FunctionBuilder {
  const f = module.function(momentsName(arithmetic));
  const [pixels, channels, x, sums, sumsStride] = parameters(f, 5);
  const block = new PixelBlock(f, pixels, channels);
  const both = new TwoSums(f, block, { channels, sums, sumsStride });
  const shift = f.local("i32", i32.add(both.others, sumsStride));
  f.store(f32.store(i32.add(shift, sumsStride), f32.convert_i32_s(pixels)));
  f.copy(shift, x, i32.shl(channels, i32.const(2)));
  const values = block.matrix(x);
  const shifts = block.vectors();
  const value = f.local("v128");
  block.each(
    (v) => {
      const [one, other] = both.at(v);
      f.set(value, f32x4.sub(v128.load(values, v * VECTOR), vectorAt(shifts, v)));
      f.set(one, f32x4.add(one, value));
      f.set(other, multiplyAdd(arithmetic, value, value, other));
    },
    {
      before: () => {
        block.load(shifts, shift);
        both.load();
      },
      after: () => both.save(),
    },
  );
  return f;
}

/** Two sums for each channel, from 0 on, which stay in registers while the pixels of a group of channels pass. */
class TwoSums {
  /** The address of the second sums. */
  readonly others: Local<"i32">;
  readonly #block: PixelBlock;
  readonly #sums: I32;
  readonly #ofOnes: readonly Local<"v128">[];
  readonly #ofOthers: readonly Local<"v128">[];

  constructor(
    f: FunctionBuilder,
    block: PixelBlock,
    { channels, sums, sumsStride }: { readonly channels: I32; readonly sums: I32; readonly sumsStride: I32 },
  ) {
    this.#block = block;
    this.#sums = sums;
    this.others = f.local("i32", i32.add(sums, sumsStride));
    [this.#ofOnes, this.#ofOthers] = [block.vectors(), block.vectors()];
    for (const start of [sums, this.others]) f.fill(start, i32.shl(channels, i32.const(2)));
  }

  at(vector: number): readonly [Local<"v128">, Local<"v128">] {
    return [vectorAt(this.#ofOnes, vector), vectorAt(this.#ofOthers, vector)];
  }

  load(): void {
    this.#block.load(this.#ofOnes, this.#sums);
    this.#block.load(this.#ofOthers, this.others);
  }

  save(): void {
    this.#block.save(this.#ofOnes, this.#sums);
    this.#block.save(this.#ofOthers, this.others);
  }
}
