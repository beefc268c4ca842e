/** What the kernels share: the arithmetic of a multiply-add, the clamp, and stores of fewer than four lanes. */
import type { Expr, Local } from "../wasm/expression.ts";
import type { FunctionBuilder } from "../wasm/function.ts";
import { f32x4, i32, i8x16, v128 } from "../wasm/instructions.ts";
import type { ModuleBuilder } from "../wasm/module.ts";

/** How a × b + c is computed: `fma` needs relaxed SIMD; `mul`, followed by an addition, runs on every engine with SIMD. */
export type Arithmetic = "mul" | "fma";

export const ARITHMETICS: readonly Arithmetic[] = ["mul", "fma"];

/** Writes a kernel into a module, under a name of its own. */
export type MakeKernel = (module: ModuleBuilder) => FunctionBuilder;

/** The number of bytes of a vector. */
export const VECTOR = 16;

/** The value of a × b + c. */
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
  // What is not stored yet; it moves to the front.
  const rest = vectors.map((vector) => f.local("v128", vector));
  const [first] = rest;
  if (first === undefined) return;
  for (let stored = 2 ** Math.floor(Math.log2(vectors.length - 1)); stored >= 1; stored /= 2) {
    f.if(i32.and(count, i32.const(stored * 4)), () => {
      for (const [v, vector] of rest.slice(0, stored).entries()) f.store(v128.store(address, vector, v * VECTOR));
      f.increase(address, stored * VECTOR);
      for (const [v, vector] of rest.slice(0, -stored).entries()) f.set(vector, rest[v + stored] ?? vector);
    });
  }
  f.if(i32.and(count, i32.const(2)), () => {
    f.store(v128.store64_lane(address, first, 0));
    f.increase(address, 8);
    f.set(first, i8x16.shuffle(first, first, UPPER_HALF));
  });
  f.if(i32.and(count, i32.const(1)), () => f.store(v128.store32_lane(address, first, 0)));
}
