/** Kernels that reduce many values to one: the mean and the maximum over a window of pixels, softmax over a line. */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { exp } from "./elementwise.ts";
import { VECTOR, storeFirst } from "../parts.ts";

/** How the values of a window become one. */
export type PoolMode = "mean" | "max";

/** The number of vectors of channels that are reduced side by side. */
const POOL_VECTORS = 4;

/**
 * The mean or the maximum of each channel over a rectangle of pixels; it is NaN if one of the values is. Parameters: `to`, `from` (the
 * first pixel of the rectangle), `rows`, `cols` (at least 1), `channels`, `pixel` (the bytes from one pixel to the next), `rowSkip` (the
 * bytes from the end of a row of the rectangle to its next row), `scale` (1 / the number of pixels; unused for the maximum).
 */
export function pool(module: ModuleBuilder, { mode }: { readonly mode: PoolMode }): FunctionBuilder {
  const f = module.function(`f32_pool_${mode}`);
  const to = f.param("i32");
  const from = f.param("i32");
  const rows = f.param("i32");
  const cols = f.param("i32");
  const channels = f.param("i32");
  const pixel = f.param("i32");
  const rowSkip = f.param("i32");
  const scale = f.param("f32");
  const row = f.local("i32");
  const col = f.local("i32");
  const at = f.local("i32");
  const sums = Array.from({ length: POOL_VECTORS }, () => f.local("v128"));

  const gather = (vectors: readonly Local<"v128">[]): void => {
    const start = f32x4.splat(f32.const(mode === "mean" ? 0 : -Infinity));
    for (const sum of vectors) f.set(sum, start);
    f.set(at, from);
    f.set(row, rows);
    f.times(row, () => {
      f.set(col, cols);
      f.times(col, () => {
        for (const [v, sum] of vectors.entries()) {
          const value = v128.load(at, v * VECTOR);
          f.set(sum, mode === "mean" ? f32x4.add(sum, value) : f32x4.max(sum, value));
        }
        f.increase(at, pixel);
      });
      f.increase(at, rowSkip);
    });
    if (mode === "mean") for (const sum of vectors) f.set(sum, f32x4.mul(sum, f32x4.splat(scale)));
  };
  const gatherMany = (vectors: readonly Local<"v128">[]): void => {
    const count = f.local("i32", i32.div_s(channels, i32.const(vectors.length * 4)));
    f.times(count, () => {
      gather(vectors);
      for (const [v, sum] of vectors.entries()) f.store(v128.store(to, sum, v * VECTOR));
      for (const pointer of [from, to]) f.increase(pointer, vectors.length * VECTOR);
      f.increase(channels, -4 * vectors.length);
    });
  };
  gatherMany(sums);
  gatherMany(sums.slice(0, 1));
  f.if(channels, () => {
    gather(sums.slice(0, 1));
    storeFirst(f, to, sums.slice(0, 1), channels);
  });
  return f;
}

/** Softmax over each line. Parameters: `lines` (at least 1), `length` (at least 1), `from`, `to` (may be the same). */
export function softmax(module: ModuleBuilder): FunctionBuilder {
  const f = module.function("f32_softmax");
  const lines = f.param("i32");
  const length = f.param("i32");
  const from = f.param("i32");
  const to = f.param("i32");
  const at = f.local("i32");
  const out = f.local("i32");
  const count = f.local("i32");
  const vector = f.local("v128");
  const top = f.local("f32");
  const sum = f.local("f32");
  const value = f.local("f32");

  /** Goes through the whole vectors of the line, and then through the remaining values one by one. */
  const along = (whole: () => void, one: () => void): void => {
    f.set(count, i32.shr_u(length, i32.const(2)));
    f.times(count, whole);
    f.set(count, i32.and(length, i32.const(3)));
    f.times(count, one);
  };
  const advance = (bytes: number): void => {
    for (const pointer of [at, out]) f.increase(pointer, bytes);
  };
  const start = (): void => {
    f.set(at, from);
    f.set(out, to);
  };

  f.repeat(() => {
    start();
    f.set(vector, f32x4.splat(f32.const(-Infinity)));
    f.set(top, f32.const(-Infinity));
    along(
      () => {
        f.set(vector, f32x4.max(vector, v128.load(at)));
        advance(VECTOR);
      },
      () => {
        f.set(top, f32.max(top, f32.load(at)));
        advance(4);
      },
    );
    f.set(top, f32.max(top, fold(vector, f32.max)));

    start();
    const sums = f.local("v128", f32x4.splat(f32.const(0)));
    f.set(sum, f32.const(0));
    along(
      () => {
        f.set(vector, exp(f, f32x4.sub(v128.load(at), f32x4.splat(top))));
        f.store(v128.store(out, vector));
        f.set(sums, f32x4.add(sums, vector));
        advance(VECTOR);
      },
      () => {
        f.set(vector, exp(f, f32x4.splat(f32.sub(f32.load(at), top))));
        f.set(value, f32x4.extract_lane(vector, 0));
        f.store(f32.store(out, value));
        f.set(sum, f32.add(sum, value));
        advance(4);
      },
    );
    f.set(sum, f32.add(sum, fold(sums, f32.add)));

    start();
    along(
      () => {
        f.store(v128.store(out, f32x4.div(v128.load(out), f32x4.splat(sum))));
        advance(VECTOR);
      },
      () => {
        f.store(f32.store(out, f32.div(f32.load(out), sum)));
        advance(4);
      },
    );
    f.set(from, at);
    f.set(to, out);
    f.increase(lines, -1);
  }, lines);
  return f;
}

function fold(vector: Expr<"v128">, join: (a: Expr<"f32">, b: Expr<"f32">) => Expr<"f32">): Expr<"f32"> {
  const lane = (index: number): Expr<"f32"> => f32x4.extract_lane(vector, index);
  return join(join(lane(0), lane(1)), join(lane(2), lane(3)));
}
