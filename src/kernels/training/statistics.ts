/**
 * Statistics of normalization in training: the sums of many blocks (of `moments` and `scaleReduce`) become means, variances and what
 * follows from them, in float64, two channels at a time. Addresses are those of the first channel's number; whole pairs are read and
 * written.
 */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, f32x4, f64x2, i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { parameters } from "./parts.ts";

type I32 = Local<"i32">;
type Vector = Expr<"v128">;

/** The current pair of channels, at the same distance from every start. */
class Pairs {
  readonly #f: FunctionBuilder;
  readonly #channels: I32;
  readonly #offset: I32;

  /** The constructor takes `channels` over: the walk changes it. */
  constructor(f: FunctionBuilder, channels: I32) {
    this.#f = f;
    this.#channels = channels;
    this.#offset = f.local("i32");
  }

  load(start: Expr<"i32">): Vector {
    return f64x2.promote_low_f32x4(v128.load64_zero(i32.add(start, this.#offset)));
  }

  store(start: Expr<"i32">, value: Vector): void {
    const rounded = this.#f.local("v128", f64x2.demote_f64x2_zero(value));
    this.#f.store(v128.store64_lane(i32.add(start, this.#offset), rounded, 0));
  }

  each(body: () => void): void {
    const f = this.#f;
    f.repeat(
      () => {
        body();
        f.increase(this.#offset, 8);
        f.increase(this.#channels, -2);
      },
      i32.gt_s(this.#channels, i32.const(0)),
    );
  }
}

/** Runs `body` for each block, with the address of its sums. */
function eachBlock(f: FunctionBuilder, blocks: I32, sums: I32, blockStride: I32, body: (sums: I32) => void): void {
  const [left, at] = [f.local("i32", blocks), f.local("i32", sums)];
  f.times(left, () => {
    body(at);
    f.increase(at, blockStride);
  });
}

function addTo(f: FunctionBuilder, sum: Local<"v128">, value: Vector): void {
  f.set(sum, f64x2.add(sum, value));
}

function splat(value: Local<"f32">): Vector {
  return f64x2.promote_low_f32x4(f32x4.splat(value));
}

export const STATISTICS = "f32_statistics";

/**
 * Computes the mean and the variance over all blocks, the scaling that follows from them, and the next moving mean and variance
 * (keras.layers.BatchNormalization).
 *
 * Parameters: `blocks`, `channels` (at least 1), `sums` (of the first block), `sumsStride`, `blockStride`, `counts` (the address of the
 * first block's number of pixels, whatever channel it begins with), `gamma`, `beta`; `movingMean`, `movingVariance`, which are changed;
 * `mean`, `deviation` (1 / √(variance + epsilon)), `factor`, `summand`, which are written; `epsilon`, `momentum`, `rest` (1 − momentum).
 */
export function statistics(module: ModuleBuilder): FunctionBuilder {
  const f = module.function(STATISTICS);
  const [blocks, channels, sums, sumsStride, blockStride] = parameters(f, 5);
  const [counts, gamma, beta, movingMean, movingVariance, meanTo] = parameters(f, 6);
  const [deviationTo, factorTo, summandTo] = [f.param("i32"), f.param("i32"), f.param("i32")];
  const [epsilon, momentum, rest] = [f.param("f32"), f.param("f32"), f.param("f32")];
  const pairs = new Pairs(f, channels);
  const vector = (): Local<"v128"> => f.local("v128");
  const [count, mean, variance, n, distance, factor] = [vector(), vector(), vector(), vector(), vector(), vector()];
  const zero = v128.xor(count, count);
  const one = f64x2.promote_low_f32x4(f32x4.splat(f32.const(1)));
  const others = (at: I32): Expr<"i32"> => i32.add(at, sumsStride);
  const shifts = (at: I32): Expr<"i32"> => i32.add(others(at), sumsStride);
  const toCount = f.local("i32", i32.sub(counts, sums));
  const pixels = (at: I32): Vector => f64x2.promote_low_f32x4(v128.load32_splat(i32.add(at, toCount)));
  pairs.each(() => {
    for (const sum of [count, mean, variance]) f.set(sum, zero);
    eachBlock(f, blocks, sums, blockStride, (at) => {
      f.set(n, pixels(at));
      addTo(f, count, n);
      addTo(f, mean, f64x2.add(pairs.load(at), f64x2.mul(n, pairs.load(shifts(at)))));
    });
    f.set(mean, f64x2.div(mean, count));
    // For a block: Σ(x − mean)² = Σ(x − shift)² + distance × (pixels × distance − 2 Σ(x − shift)).
    eachBlock(f, blocks, sums, blockStride, (at) => {
      f.set(distance, f64x2.sub(mean, pairs.load(shifts(at))));
      const twice = f64x2.add(pairs.load(at), pairs.load(at));
      const correction = f64x2.mul(distance, f64x2.sub(f64x2.mul(pixels(at), distance), twice));
      addTo(f, variance, f64x2.add(pairs.load(others(at)), correction));
    });
    f.set(variance, f64x2.div(variance, count));
    f.set(variance, f64x2.max(variance, zero));
    f.set(factor, f64x2.div(one, f64x2.sqrt(f64x2.add(variance, splat(epsilon)))));
    pairs.store(meanTo, mean);
    pairs.store(deviationTo, factor);
    f.set(factor, f64x2.mul(factor, pairs.load(gamma)));
    pairs.store(factorTo, factor);
    pairs.store(summandTo, f64x2.sub(pairs.load(beta), f64x2.mul(mean, factor)));
    for (const [moving, value] of [
      [movingMean, mean],
      [movingVariance, variance],
    ] as const) {
      const kept = f64x2.mul(pairs.load(moving), splat(momentum));
      pairs.store(moving, f64x2.add(kept, f64x2.mul(value, splat(rest))));
    }
  });
  return f;
}

/** A variant of `gradientStatistics`. */
export interface GradientStatisticsVariant {
  /** Whether the coefficients of `scaleGradient` are wanted, for normalization by the batch. */
  readonly coefficients: boolean;
  /** Whether the gradients of gamma and beta are wanted, and whether they are added to what is there. */
  readonly gamma: Want;
  readonly beta: Want;
}

/** Whether a result is wanted, and whether it replaces what is there (`first`) or is added to it. */
export type Want = "no" | "first" | "added";

export function gradientStatisticsName({ coefficients, gamma, beta }: GradientStatisticsVariant): string {
  const wants = { gamma, beta };
  const names = Object.entries(wants).map(([name, want]) =>
    want === "no" ? "" : `_${want === "added" ? "add_" : ""}${name}`,
  );
  return `f32_gradient_statistics${coefficients ? "_value" : ""}${names.join("")}`;
}

/**
 * Computes the gradients of gamma and beta, and the coefficients of `scaleGradient`. Parameters: `blocks`, `channels` (at least 1), `sums`
 * (of the first block), `sumsStride`, `blockStride`, `deviation`; if the coefficients are wanted, `mean`, `factor`, then `ofValue` and
 * `constant`, which are written, then the number of pixels in all blocks, a float; the gradients of gamma and beta, each if wanted.
 */
export function gradientStatistics(module: ModuleBuilder, variant: GradientStatisticsVariant): FunctionBuilder {
  const f = module.function(gradientStatisticsName(variant));
  const [blocks, channels, sums, sumsStride, blockStride] = parameters(f, 5);
  const deviation = f.param("i32");
  const coefficients = variant.coefficients
    ? {
        mean: f.param("i32"),
        factor: f.param("i32"),
        ofValue: f.param("i32"),
        constant: f.param("i32"),
        pixels: f.param("f32"),
      }
    : undefined;
  const gamma = variant.gamma === "no" ? undefined : f.param("i32");
  const beta = variant.beta === "no" ? undefined : f.param("i32");
  const pairs = new Pairs(f, channels);
  const [sum, product, inverse, ofValue] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
  const zero = v128.xor(sum, sum);
  const put = (to: I32, want: Want, value: Vector): void =>
    pairs.store(to, want === "added" ? f64x2.add(pairs.load(to), value) : value);
  pairs.each(() => {
    for (const each of [sum, product]) f.set(each, zero);
    eachBlock(f, blocks, sums, blockStride, (at) => {
      addTo(f, sum, pairs.load(at));
      addTo(f, product, pairs.load(i32.add(at, sumsStride)));
    });
    f.set(inverse, pairs.load(deviation));
    if (gamma !== undefined) put(gamma, variant.gamma, f64x2.mul(product, inverse));
    if (beta !== undefined) put(beta, variant.beta, sum);
    if (coefficients === undefined) return;
    // The mean of g × factor, and its projection on the normalized value, are subtracted.
    const { mean, factor, pixels } = coefficients;
    const minus = f.local("v128", f64x2.div(f64x2.sub(zero, pairs.load(factor)), splat(pixels)));
    f.set(ofValue, f64x2.mul(f64x2.mul(minus, product), f64x2.mul(inverse, inverse)));
    pairs.store(coefficients.ofValue, ofValue);
    pairs.store(coefficients.constant, f64x2.sub(f64x2.mul(minus, sum), f64x2.mul(ofValue, pairs.load(mean))));
  });
  return f;
}

export const SUM_PIECES = "f32_sum_pieces";

/**
 * Computes to = Σ of pieces, one after the other, so that the sum is the same for any number of threads. Parameters: `vectors` (at least
 * 1), `pieces` (at least 1), `from` (the first piece), `pieceStride`, `to`, `add` (if 1, what is in `to` is added too).
 */
export function sumPieces(module: ModuleBuilder): FunctionBuilder {
  const f = module.function(SUM_PIECES);
  const [vectors, pieces, from, pieceStride, to] = parameters(f, 5);
  const add = f.param("i32");
  const [left, at] = [f.local("i32"), f.local("i32")];
  const sum = f.local("v128");
  f.repeat(() => {
    f.set(sum, v128.xor(sum, sum));
    f.if(add, () => f.set(sum, v128.load(to)));
    f.set(left, pieces);
    f.set(at, from);
    f.times(left, () => {
      f.set(sum, f32x4.add(sum, v128.load(at)));
      f.increase(at, pieceStride);
    });
    f.store(v128.store(to, sum));
    for (const pointer of [from, to]) f.increase(pointer, 16);
    f.increase(vectors, -1);
  }, vectors);
  return f;
}
