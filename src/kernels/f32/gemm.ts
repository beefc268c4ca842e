/**
 * Matrix products and convolutions: C[m, n] = Σk A[m, k] × B[k, n] + bias[n], in register tiles of rows × columns (XNNPACK's f32-gemm and
 * f32-igemm, loadsplat). The taps of a convolution are runs of A at other addresses.
 */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32x4, i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { type Arithmetic, Clamp, VECTOR, multiplyAdd, storeFirst } from "../parts.ts";

/** A variant of `gemm`. */
export interface GemmVariant {
  /** The number of rows in the register tile. */
  readonly rows: number;
  /** The number of columns in the register tile. */
  readonly columns: number;
  readonly arithmetic: Arithmetic;
  /** Whether the results are clamped. */
  readonly minmax: boolean;
  /** Whether another matrix with C's layout is added before the results are clamped. */
  readonly add: boolean;
  /** Whether the last panel may have fewer columns than the tile. */
  readonly ragged: boolean;
  /** Whether a row of A is a window of several runs, as in a convolution, instead of one run of k values. */
  readonly window: boolean;
}

export function gemmName({ rows, columns, arithmetic, minmax, add, window, ragged }: GemmVariant): string {
  const what = `${window ? "conv" : "gemm"}${add ? "_add" : ""}${minmax ? "_minmax" : ""}`;
  return `f32_${what}_${rows}x${columns}${ragged ? "_ragged" : ""}__${arithmetic}`;
}

/** How often the loop over k is unrolled. V8 before Turboshaft moves all loads of a round to its front, and runs out of registers. */
const UNROLLED: Readonly<Record<Arithmetic, number>> = { mul: 1, fma: 4 };

/**
 * The kernel for a matrix product. All strides are in bytes. Parameters:
 * - `tiles` (of `rows` rows each, at least 1), `k` (the number of values in a run), `n` (the number of columns);
 * - `a`, `aStride` (from row to row), `b` (packed by `packGemm`), `c`, `cStride`;
 * - if `add`: `r` (the added matrix, with C's layout; it may be C itself);
 * - if `minmax`: `low`, `high`;
 * - if `window`: `windowRows`, `windowCols` (the runs in a window), `colSkip` (from the end of a run to the next one), `rowSkip` (the same
 *   after the last run of a window row).
 *
 * It reads up to `columns` - 1 floats beyond the last column of R, and writes nothing outside C.
 */
export function gemm(module: ModuleBuilder, variant: GemmVariant): FunctionBuilder {
  const { rows, columns, arithmetic } = variant;
  const vectors = columns / 4;
  const f = module.function(gemmName(variant));
  const tiles = f.param("i32");
  const k = f.param("i32");
  const n = f.param("i32");
  const a = f.param("i32");
  const aStride = f.param("i32");
  const b = f.param("i32");
  const c = f.param("i32");
  const cStride = f.param("i32");
  const r = variant.add ? f.param("i32") : undefined;
  const bounds = variant.minmax ? ([f.param("f32"), f.param("f32")] as const) : undefined;
  const window = variant.window
    ? { rows: f.param("i32"), cols: f.param("i32"), colSkip: f.param("i32"), rowSkip: f.param("i32") }
    : undefined;
  const clamp = bounds && new Clamp(f, ...bounds);

  const panel = f.local("i32");
  const left = f.local("i32");
  const cPanel = f.local("i32");
  const rOffset = r && f.local("i32", i32.sub(r, c));
  const aRows = Array.from({ length: rows }, () => f.local("i32"));
  const count = f.local("i32");
  const cRow = f.local("i32");
  const end = f.local("i32");
  const sums = Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.local("v128")));
  const weights = Array.from({ length: vectors }, () => f.local("v128"));
  const value = f.local("v128");

  const step = (index: number): void => {
    const load = (v: number): Expr<"v128"> => v128.load(panel, (index * vectors + v) * VECTOR);
    if (rows > 1) for (const [v, weight] of weights.entries()) f.set(weight, load(v));
    for (const [i, row] of aRows.entries()) {
      f.set(value, v128.load32_splat(row, index * 4));
      for (const [v, sum] of (sums[i] ?? []).entries()) {
        f.set(sum, multiplyAdd(arithmetic, value, rows > 1 ? (weights[v] ?? value) : load(v), sum));
      }
    }
  };
  const steps = (number: number): void => {
    for (let index = 0; index < number; index++) step(index);
    for (const row of aRows) f.increase(row, number * 4);
    f.increase(panel, number * vectors * VECTOR);
  };
  const run = (): void => {
    const unrolled = UNROLLED[arithmetic];
    f.set(count, i32.shr_u(k, i32.const(Math.log2(unrolled))));
    f.times(count, () => steps(unrolled));
    if (unrolled === 1) return;
    f.set(count, i32.and(k, i32.const(unrolled - 1)));
    f.times(count, () => steps(1));
  };

  f.repeat(() => {
    f.set(panel, b);
    f.set(cPanel, c);
    f.set(left, n);
    f.repeat(
      () => {
        for (const [v, sum] of (sums[0] ?? []).entries()) f.set(sum, v128.load(panel, v * VECTOR));
        for (const row of sums.slice(1)) for (const [v, sum] of row.entries()) f.set(sum, sums[0]?.[v] ?? sum);
        f.increase(panel, vectors * VECTOR);
        for (const [i, row] of aRows.entries()) f.set(row, i === 0 ? a : i32.add(aRows[i - 1] ?? a, aStride));
        if (window === undefined) run();
        else {
          const windowRow = f.local("i32", window.rows);
          const windowCol = f.local("i32");
          f.times(windowRow, () => {
            f.set(windowCol, window.cols);
            f.times(windowCol, () => {
              run();
              for (const row of aRows) f.increase(row, window.colSkip);
            });
            for (const row of aRows) f.increase(row, window.rowSkip);
          });
        }
        f.set(cRow, cPanel);
        for (const [i, row] of sums.entries()) {
          if (i > 0) f.increase(cRow, cStride);
          for (const [v, sum] of row.entries()) {
            if (rOffset) f.set(sum, f32x4.add(sum, v128.load(i32.add(cRow, rOffset), v * VECTOR)));
            if (clamp) f.set(sum, clamp.apply(sum));
          }
        }
        const eachRow = (store: (row: readonly Local<"v128">[]) => void): void => {
          f.set(cRow, cPanel);
          for (const [i, row] of sums.entries()) {
            if (i > 0) f.increase(cRow, cStride);
            store(row);
          }
        };
        const storeAll = (row: readonly Local<"v128">[]): void => {
          for (const [v, sum] of row.entries()) f.store(v128.store(cRow, sum, v * VECTOR));
        };
        const storeLeft = (row: readonly Local<"v128">[]): void => {
          f.set(end, cRow);
          storeFirst(f, end, row, left);
        };
        if (variant.ragged) {
          const full = i32.ge_u(left, i32.const(columns));
          f.if(
            full,
            () => eachRow(storeAll),
            () => eachRow(storeLeft),
          );
        } else eachRow(storeAll);
        f.increase(cPanel, columns * 4);
        f.increase(left, -columns);
      },
      i32.gt_s(left, i32.const(0)),
    );
    f.increase(a, i32.mul(aStride, i32.const(rows)));
    f.increase(c, i32.mul(cStride, i32.const(rows)));
    f.increase(tiles, -1);
  }, tiles);
  return f;
}

/** The number of floats that `packGemm` writes. */
export function packedGemmSize(k: number, n: number, columns: number): number {
  return Math.ceil(n / columns) * columns * (k + 1);
}

/**
 * Packs weights [k, n] (row-major) for `gemm`: for each panel of columns first the bias, then the k rows, padded with zeros beyond n.
 * `scale`, one number per column, is multiplied into the weights.
 */
export function packGemm(
  to: Float32Array,
  weights: Float32Array,
  bias: ArrayLike<number>,
  scale: ArrayLike<number>,
  { k, n, columns, from = 0, stride = n }: { k: number; n: number; columns: number; from?: number; stride?: number },
): void {
  // Column by column is the order for which engines generate the fastest code.
  for (let column = 0; column < Math.ceil(n / columns) * columns; column++) {
    const exists = column < n;
    const factor = exists ? (scale[column] ?? 1) : 0;
    let at = Math.floor(column / columns) * columns * (k + 1) + (column % columns);
    to[at] = exists ? (bias[column] ?? 0) : 0;
    const end = at + k * columns;
    for (let source = from + column; at < end; source += stride) {
      at += columns;
      to[at] = exists ? (weights[source] ?? NaN) * factor : 0;
    }
  }
}
