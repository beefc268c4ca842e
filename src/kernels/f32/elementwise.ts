/** Kernels over flat runs of values: sums, activations, a scale and offset per channel. They touch whole vectors: up to 3 floats past the end. */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, f32x4, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { type Arithmetic, Clamp, VECTOR, multiplyAdd, storeFirst } from "../parts.ts";

type Vector = Expr<"v128">;

export function constant(value: number): Vector {
  return f32x4.splat(f32.const(value));
}

/** A function of vectors, which may use local variables. NaN takes the same branch as in Keras. */
type VectorMap = (f: FunctionBuilder, x: Local<"v128">) => Vector;

/** The coefficients of Cephes's expf: exp(r) = 1 + r + r² × polynomial(r) for |r| ≤ ln 2 / 2. */
const EXP = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];
/** ln 2 in two parts, of which the first has few bits and is exact. */
const LN2 = [0.693359375, -2.1219444e-4] as const;

/** e to the power of each lane, within 2 units in the last place; infinite or zero if the exact result is so in float32. */
export function exp(f: FunctionBuilder, power: Vector): Vector {
  const x = f.local("v128", f32x4.pmax(f32x4.pmin(power, constant(89)), constant(-104.5)));
  const n = f.local("v128", f32x4.nearest(f32x4.mul(x, constant(Math.LOG2E))));
  for (const part of LN2) f.set(x, f32x4.sub(x, f32x4.mul(n, constant(part))));
  const sum = f.local("v128", constant(0));
  for (const coefficient of EXP) f.set(sum, f32x4.add(f32x4.mul(sum, x), constant(coefficient)));
  f.set(sum, f32x4.add(f32x4.mul(f32x4.mul(x, x), sum), f32x4.add(x, constant(1))));
  // Two factors, because 2 ** n alone is not a float32 at the ends of the range.
  const whole = f.local("v128", i32x4.trunc_sat_f32x4_s(n));
  const half = f.local("v128", i32x4.shr_s(whole, i32.const(1)));
  return f32x4.mul(f32x4.mul(sum, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

function powerOfTwo(n: Vector): Vector {
  return i32x4.shl(i32x4.add(n, i32x4.splat(i32.const(127))), i32.const(23));
}

function sigmoid(f: FunctionBuilder, x: Local<"v128">): Vector {
  return f32x4.div(constant(1), f32x4.add(constant(1), exp(f, f32x4.neg(x))));
}

export function tanh(f: FunctionBuilder, x: Vector): Vector {
  const e = f.local("v128", exp(f, f32x4.mul(f32x4.abs(x), constant(-2))));
  const size = f32x4.div(f32x4.sub(constant(1), e), f32x4.add(constant(1), e));
  return v128.or(size, v128.and(x, constant(-0)));
}

export function hardSigmoid(x: Vector): Vector {
  return f32x4.mul(f32x4.pmin(f32x4.pmax(f32x4.add(x, constant(3)), constant(0)), constant(6)), constant(1 / 6));
}

/** `whenPositive` if x > 0, else `otherwise`, also for NaN. */
export function bySign(x: Vector, whenPositive: Vector, otherwise: Vector): Vector {
  return v128.bitselect(whenPositive, otherwise, f32x4.gt(x, constant(0)));
}

function expm1(f: FunctionBuilder, x: Vector): Vector {
  return f32x4.sub(exp(f, x), constant(1));
}

export const SELU_SCALE = 1.0507009873554805;
export const SELU_ALPHA = 1.6732632423543772;

/** The activations, by their names in keras.activations. */
const MAPS = {
  sigmoid,
  silu: (f, x) => f32x4.mul(x, sigmoid(f, x)),
  exponential: (f, x) => exp(f, x),
  tanh,
  elu: (f, x) => bySign(x, x, expm1(f, x)),
  celu: (f, x) => bySign(x, x, expm1(f, x)),
  selu: (f, x) => f32x4.mul(bySign(x, x, f32x4.mul(expm1(f, x), constant(SELU_ALPHA))), constant(SELU_SCALE)),
  leaky_relu: (_, x) => bySign(x, x, f32x4.mul(x, constant(0.2))),
  hard_sigmoid: (_, x) => hardSigmoid(x),
  hard_silu: (_, x) => f32x4.mul(x, hardSigmoid(x)),
  softsign: (_, x) => f32x4.div(x, f32x4.add(f32x4.abs(x), constant(1))),
} satisfies Record<string, VectorMap>;

export type MapName = keyof typeof MAPS;

export const MAP_NAMES: readonly MapName[] = Object.keys(MAPS).filter(isMapName);

export function isMapName(name: string): name is MapName {
  return Object.hasOwn(MAPS, name);
}

export function mapKernelName(name: MapName): string {
  return `f32_${name}`;
}

/** Applies an activation. Parameters: `count` (of vectors, at least 1), `from`, `to` (may be the same). */
export function map(module: ModuleBuilder, name: MapName): FunctionBuilder {
  const f = module.function(mapKernelName(name));
  const count = f.param("i32");
  const from = f.param("i32");
  const to = f.param("i32");
  const x = f.local("v128");
  f.repeat(() => {
    f.set(x, v128.load(from));
    f.store(v128.store(to, MAPS[name](f, x)));
    for (const pointer of [from, to]) f.increase(pointer, VECTOR);
    f.increase(count, -1);
  }, count);
  return f;
}

/** Clamps values. Parameters: `count` (of vectors, at least 1), `from`, `to` (may be the same), `low`, `high`. */
export function clamp(module: ModuleBuilder): FunctionBuilder {
  const f = module.function("f32_clamp");
  const count = f.param("i32");
  const from = f.param("i32");
  const to = f.param("i32");
  const bounds = new Clamp(f, f.param("f32"), f.param("f32"));
  f.repeat(() => {
    f.store(v128.store(to, bounds.apply(v128.load(from))));
    for (const pointer of [from, to]) f.increase(pointer, VECTOR);
    f.increase(count, -1);
  }, count);
  return f;
}

/** Adds two tensors. Parameters: `count` (of vectors, at least 1), `a`, `b`, `to` (may be either); `low` and `high` if `minmax`. */
export function add(module: ModuleBuilder, { minmax }: { readonly minmax: boolean }): FunctionBuilder {
  const f = module.function(`f32_add${minmax ? "_minmax" : ""}`);
  const count = f.param("i32");
  const a = f.param("i32");
  const b = f.param("i32");
  const to = f.param("i32");
  const bounds = minmax ? ([f.param("f32"), f.param("f32")] as const) : undefined;
  const clamped = bounds && new Clamp(f, ...bounds);
  f.repeat(() => {
    const sum = f32x4.add(v128.load(a), v128.load(b));
    f.store(v128.store(to, clamped?.apply(sum) ?? sum));
    for (const pointer of [a, b, to]) f.increase(pointer, VECTOR);
    f.increase(count, -1);
  }, count);
  return f;
}

/**
 * Computes x × scale[channel] + offset[channel] for every pixel. Parameters: `pixels` (at least 1), `channels` (at least 1), `from`, `to`
 * (may be the same), `weights` (packed by `packAffine`).
 */
export function affine(module: ModuleBuilder, { arithmetic }: { readonly arithmetic: Arithmetic }): FunctionBuilder {
  const f = module.function(`f32_affine__${arithmetic}`);
  const pixels = f.param("i32");
  const channels = f.param("i32");
  const from = f.param("i32");
  const to = f.param("i32");
  const weights = f.param("i32");
  const left = f.local("i32");
  const at = f.local("i32");
  const y = f.local("v128");
  f.repeat(() => {
    f.set(at, weights);
    f.set(left, channels);
    f.repeat(
      () => {
        f.set(y, multiplyAdd(arithmetic, v128.load(from), v128.load(at), v128.load(at, VECTOR)));
        f.if(
          i32.ge_s(left, i32.const(4)),
          () => {
            f.store(v128.store(to, y));
            for (const pointer of [from, to]) f.increase(pointer, VECTOR);
          },
          () => {
            const end = f.local("i32", to);
            storeFirst(f, end, [y], left);
            for (const pointer of [from, to]) f.increase(pointer, i32.shl(left, i32.const(2)));
          },
        );
        f.increase(at, 2 * VECTOR);
        f.increase(left, -4);
      },
      i32.gt_s(left, i32.const(0)),
    );
    f.increase(pixels, -1);
  }, pixels);
  return f;
}

/** The number of floats that `packAffine` writes. */
export function packedAffineSize(channels: number): number {
  return Math.ceil(channels / 4) * 8;
}

/** Packs scales and offsets for `affine`: for each group of four channels first the scales, then the offsets, padded with zeros. */
export function packAffine(to: Float32Array, scale: ArrayLike<number>, offset: ArrayLike<number>): void {
  let at = 0;
  for (let group = 0; group < scale.length; group += 4) {
    for (const values of [scale, offset]) {
      for (let c = group; c < group + 4; c++) to[at++] = c < scale.length ? (values[c] ?? 0) : 0;
    }
  }
}
