/** What the kernels share: the arithmetic of a multiply-add, the clamp, and stores of fewer than four lanes. */
import type { Expr, Local } from "../wasm/expression.ts";
import type { FunctionBuilder } from "../wasm/function.ts";
import { f32x4, i32, i8x16, v128 } from "../wasm/instructions.ts";

/** `fma` needs relaxed SIMD; `mul` runs on every engine with SIMD. */
export type Arithmetic = "mul" | "fma";

/** Bytes of a vector. */
export const VECTOR = 16;

/** a × b + c. */
export function multiplyAdd(arithmetic: Arithmetic, a: Expr<"v128">, b: Expr<"v128">, c: Expr<"v128">): Expr<"v128"> {
  return arithmetic === "fma" ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/** The bounds of `minmax` kernels: two more parameters. A NaN stays a NaN, as in TensorFlow. */
export class Clamp {
  readonly #low: Local<"v128">;
  readonly #high: Local<"v128">;

  constructor(f: FunctionBuilder, low: Local<"f32">, high: Local<"f32">) {
    this.#low = f.local("v128", f32x4.splat(low));
    this.#high = f.local("v128", f32x4.splat(high));
  }

  apply(value: Expr<"v128">): Expr<"v128"> {
    return f32x4.pmin(f32x4.pmax(value, this.#low), this.#high);
  }
}

const UPPER_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];

/** Stores the first `count` lanes (fewer than four times the vectors, known at run time) from `address` on; `address` moves. */
export function storeFirst(
  f: FunctionBuilder,
  address: Local<"i32">,
  vectors: readonly Local<"v128">[],
  count: Expr<"i32">,
): void {
  const rest = f.local("v128", vectors[0]);
  for (let whole = 4 * 2 ** Math.floor(Math.log2(vectors.length)); whole >= 4; whole /= 2) {
    if (whole >= 4 * vectors.length) continue;
    f.if(i32.and(count, i32.const(whole)), () => {
      for (let i = 0; i < whole / 4; i++) f.store(v128.store(address, vector(vectors, i), i * VECTOR));
      f.increase(address, whole * 4);
      f.set(rest, vector(vectors, whole / 4));
    });
  }
  f.if(i32.and(count, i32.const(2)), () => {
    f.store(v128.store64_lane(address, rest, 0));
    f.increase(address, 8);
    f.set(rest, i8x16.shuffle(rest, rest, UPPER_HALF));
  });
  f.if(i32.and(count, i32.const(1)), () => f.store(v128.store32_lane(address, rest, 0)));
}

function vector(vectors: readonly Local<"v128">[], index: number): Local<"v128"> {
  const found = vectors[index];
  if (found === undefined) throw new RangeError(`vector ${index} of ${vectors.length}`);
  return found;
}
