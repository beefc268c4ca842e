/**
 * Integer matrix products and convolutions: C[m, n] = requantized(start[n] + Σk A[m, k] × B[k, n]), in register tiles of rows × columns.
 * Each 32 bits of a row of A are repeated over a vector and multiplied by four columns at once: four products per lane (relaxed dot
 * products of bytes) or two (dot products of 16 bits). The taps of a convolution are runs of A at other addresses.
 */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32x4, i16x8, i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { ACTIVATION_BYTES, type IntegerMode, Results, dotAdd, loadFloats, startsFor, truncate } from "./parts.ts";
import { VECTOR, storeFirst } from "../parts.ts";

/** A variant of `i8Gemm`. */
export interface I8GemmVariant {
  readonly mode: IntegerMode;
  /** The type of the results: the integers of the mode, or float32. */
  readonly output: "integers" | "f32";
  /** The number of rows in the register tile. */
  readonly rows: number;
  /** The number of panels of eight columns side by side in the tile. */
  readonly panels: number;
  /** Whether another matrix with C's layout (integers of the mode) is added, times a factor. */
  readonly add: boolean;
  /** Whether a row of A is a window of several runs, as in a convolution, instead of one run of values. */
  readonly window: boolean;
  /** Whether the code is written so that V8 can join pairs of vectors to 256 bits. */
  readonly wide: boolean;
}

/** The number of columns in a panel. */
export const PANEL = 8;

export function i8GemmName({ mode, output, rows, panels, add, window, wide }: I8GemmVariant): string {
  const parts = [
    mode,
    ...(wide ? ["wide"] : []),
    window ? "conv" : "gemm",
    ...(add ? ["add"] : []),
    `${rows}x${panels * PANEL}`,
  ];
  return `${parts.join("_")}__to_${output}`;
}

/** How often the loop over k is unrolled. */
const UNROLLED = 4;

/** The number of values of A in 32 bits. */
function groupOf(mode: IntegerMode): number {
  return 4 / ACTIVATION_BYTES[mode];
}

/**
 * The kernel for an integer matrix product. All strides are in bytes. Parameters:
 * - `tiles` (of `rows` rows each, at least 1), `groups` (the number of 32-bit groups in a run), `n` (the number of columns; with several
 *   panels, a multiple of the tile's columns);
 * - `a`, `aStride` (from row to row), `b` (packed by `packI8Gemm`), `bStride` (from panel to panel), `c`, `cStride`;
 * - if `add`: `r` (it may be C itself), `rStride`;
 * - if `window`: `windowRows`, `windowCols` (the runs in a window), `colSkip` (from the end of a run's last group to the next run),
 *   `rowSkip` (the same after the last run of a window row);
 * - if `wide`: `scratch`, the address of `i8GemmScratch` bytes.
 *
 * It reads up to 3 bytes beyond a run, and up to 16 beyond the last column of R; it writes nothing outside C.
 */
export function i8Gemm(module: ModuleBuilder, variant: I8GemmVariant): FunctionBuilder {
  const { mode, output, rows, panels } = variant;
  const f = module.function(i8GemmName(variant));
  const tiles = f.param("i32");
  const groups = f.param("i32");
  const n = f.param("i32");
  const a = f.param("i32");
  const aStride = f.param("i32");
  const b = f.param("i32");
  const bStride = f.param("i32");
  const c = f.param("i32");
  const cStride = f.param("i32");
  const residual = variant.add ? { r: f.param("i32"), stride: f.param("i32") } : undefined;
  const window = variant.window
    ? { rows: f.param("i32"), cols: f.param("i32"), colSkip: f.param("i32"), rowSkip: f.param("i32") }
    : undefined;

  const scratch = variant.wide ? f.param("i32") : undefined;

  const bytes = output === "f32" ? 4 : ACTIVATION_BYTES[mode];
  const results = output === "f32" ? undefined : new Results(f, mode);
  const columns = panels * PANEL;
  const vectorBytes = VECTOR / ACTIVATION_BYTES[mode];
  const panelPointers = Array.from({ length: panels }, () => f.local("i32"));
  const left = f.local("i32");
  const cPanel = f.local("i32");
  const rPanel = f.local("i32");
  const rRow = f.local("i32");
  const aRows = Array.from({ length: rows }, () => f.local("i32"));
  const count = f.local("i32");
  const cRow = f.local("i32");
  const end = f.local("i32");
  const sums = Array.from({ length: rows }, () => Array.from({ length: 2 * panels }, () => f.local("v128")));
  const weights = Array.from({ length: rows > 1 ? 2 * panels : 2 }, () => f.local("v128"));
  const value = f.local("v128");

  const loadWeight = (panel: Local<"i32">, index: number): Expr<"v128"> =>
    mode === "i16" ? v128.load8x8_s(panel, index * vectorBytes) : v128.load(panel, index * vectorBytes);
  /** Emits the products of one group: row by row, each with all panels; or, for a single row, panel by panel. */
  const step = (index: number): void => {
    const pairs = panelPointers.map((panel, p) => ({ panel, p, own: weights.slice(rows > 1 ? 2 * p : 0).slice(0, 2) }));
    const load = ({ panel, own }: (typeof pairs)[number]): void => {
      for (const [v, weight] of own.entries()) f.set(weight, loadWeight(panel, index * 2 + v));
    };
    if (rows > 1) for (const pair of pairs) load(pair);
    for (const [i, row] of aRows.entries()) {
      f.set(value, v128.load32_splat(row, index * 4));
      for (const pair of pairs) {
        if (rows === 1) load(pair);
        for (const [v, weight] of pair.own.entries()) {
          const sum = sums[i]?.[2 * pair.p + v] ?? value;
          f.set(sum, dotAdd(mode, weight, value, sum));
        }
      }
    }
  };
  const steps = (number: number): void => {
    for (let index = 0; index < number; index++) step(index);
    for (const row of aRows) f.increase(row, number * 4);
    for (const panel of panelPointers) f.increase(panel, number * 2 * vectorBytes);
  };
  const run = (): void => {
    f.set(count, i32.shr_u(groups, i32.const(Math.log2(UNROLLED))));
    f.times(count, () => steps(UNROLLED));
    f.set(count, i32.and(groups, i32.const(UNROLLED - 1)));
    f.times(count, () => steps(1));
  };
  f.repeat(() => {
    f.set(cPanel, c);
    if (residual) f.set(rPanel, residual.r);
    f.set(left, n);
    for (const [p, panel] of panelPointers.entries())
      f.set(panel, p === 0 ? b : i32.add(panelPointers[p - 1] ?? b, bStride));
    f.repeat(
      () => {
        for (const [p, panel] of panelPointers.entries()) {
          for (const v of [2 * p, 2 * p + 1]) {
            const first = sums[0]?.[v] ?? value;
            f.set(first, v128.load(panel, (v - 2 * p) * VECTOR));
            for (const row of sums.slice(1)) f.set(row[v] ?? value, first);
          }
          f.increase(panel, PANEL * 4);
        }
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
        const truncated = (y: Expr<"v128">): Expr<"v128"> => (results === undefined ? y : truncate(mode, y));
        for (const [p, panel] of panelPointers.entries()) {
          const factors = weights.slice(0, 2);
          for (const [v, factor] of factors.entries()) f.set(factor, v128.load(panel, v * VECTOR));
          for (const row of sums) {
            for (const [v, factor] of factors.entries()) {
              const sum = row[2 * p + v] ?? value;
              const y = f32x4.mul(f32x4.convert_i32x4_s(sum), factor);
              f.set(sum, residual === undefined ? truncated(y) : y);
            }
          }
        }
        // V8 joins vectors only if it finds them stored next to each other, so they are all stored there in order.
        const place = (row: number, v: number): number => (row * 2 * panels + v) * VECTOR;
        if (scratch !== undefined) {
          for (const [i, row] of sums.entries()) {
            for (const [v, sum] of row.entries()) f.store(v128.store(scratch, sum, place(i, v)));
          }
        }
        const settled = (row: number, v: number): Expr<"v128"> =>
          scratch === undefined ? (sums[row]?.[v] ?? value) : v128.load(scratch, place(row, v));
        for (const [p, panel] of panelPointers.entries()) {
          const result = residual === undefined ? settled : (row: number, v: number) => sums[row]?.[v] ?? value;
          if (residual) {
            f.set(rRow, rPanel);
            for (const [i, row] of sums.entries()) {
              if (i > 0) f.increase(rRow, residual.stride);
              for (const [v, added] of loadFloats(f, mode, rRow).entries()) {
                const y = f32x4.add(settled(i, 2 * p + v), f32x4.mul(added, v128.load(panel, PANEL * 4)));
                f.set(row[2 * p + v] ?? value, truncated(y));
              }
            }
            f.increase(rPanel, PANEL * ACTIVATION_BYTES[mode]);
          }
          const narrowed = (row: number): Expr<"v128"> =>
            i16x8.narrow_i32x4_s(result(row, 2 * p), result(row, 2 * p + 1));
          f.set(cRow, p === 0 ? cPanel : i32.add(cPanel, i32.const(p * PANEL * bytes)));
          const whole = (): void => {
            for (let row = 0; row < rows; row += 2) {
              if (row > 0) f.increase(cRow, cStride);
              const pair = row + 1 < rows;
              if (pair) f.set(end, i32.add(cRow, cStride));
              if (results === undefined) {
                for (const [i, at] of (pair ? [cRow, end] : [cRow]).entries()) {
                  for (const v of [0, 1]) f.store(v128.store(at, result(row + i, 2 * p + v), v * VECTOR));
                }
              } else {
                const first = { address: cRow, offset: 0, eight: narrowed(row) };
                results.store(pair ? [first, { address: end, offset: 0, eight: narrowed(row + 1) }] : [first]);
              }
              if (pair) f.set(cRow, end);
            }
          };
          if (panels > 1) whole();
          else {
            f.if(i32.ge_u(left, i32.const(PANEL)), whole, () => {
              for (let row = 0; row < rows; row++) {
                if (row > 0) f.increase(cRow, cStride);
                f.set(end, cRow);
                if (results === undefined) {
                  const vectors = (sums[row] ?? []).slice(0, 2);
                  for (const [v, vector] of vectors.entries()) f.set(vector, result(row, v));
                  storeFirst(f, end, vectors, left);
                } else results.storeFirst(end, narrowed(row), left);
              }
            });
          }
          f.increase(panel, PANEL * 4 + (variant.add ? VECTOR : 0));
        }
        if (panels > 1) for (const panel of panelPointers) f.increase(panel, i32.mul(bStride, i32.const(panels - 1)));
        f.increase(cPanel, columns * bytes);
        f.increase(left, -columns);
      },
      i32.gt_s(left, i32.const(0)),
    );
    f.increase(a, i32.mul(aStride, i32.const(rows)));
    f.increase(c, i32.mul(cStride, i32.const(rows)));
    if (residual) f.increase(residual.r, i32.mul(residual.stride, i32.const(rows)));
    f.increase(tiles, -1);
  }, tiles);
  return f;
}

/** The number of bytes of scratch memory that a `wide` kernel needs. */
export function i8GemmScratch({ rows, panels }: Pick<I8GemmVariant, "rows" | "panels">): number {
  return rows * 2 * panels * VECTOR;
}

/** The shape of a matrix of weights. */
export interface I8Matrix {
  readonly mode: IntegerMode;
  readonly add: boolean;
  /** The number of runs in a row of A, and the number of values in each. */
  readonly runs: number;
  readonly k: number;
  readonly n: number;
}

/** The number of 32-bit groups in a run of `k` values. */
export function groupsOf(mode: IntegerMode, k: number): number {
  return Math.ceil(k / groupOf(mode));
}

/** The number of bytes of a packed panel of eight columns. */
export function i8PanelBytes({ mode, add, runs, k }: I8Matrix): number {
  const group = groupOf(mode);
  return PANEL * 4 + runs * groupsOf(mode, k) * group * PANEL + PANEL * 4 + (add ? VECTOR : 0);
}

/** The number of bytes that `packI8Gemm` writes. */
export function packedI8GemmSize(matrix: I8Matrix): number {
  return Math.ceil(matrix.n / PANEL) * i8PanelBytes(matrix);
}

/**
 * Packs weights [runs × k, n] (row-major) for `i8Gemm`. For each panel of eight columns: the starts of the sums (int32); for each group,
 * the weights of each column; the factors (float32); if `add`, four copies of the residual's factor. Padded with zeros beyond k and n.
 */
export function packI8Gemm(
  to: Uint8Array,
  matrix: I8Matrix,
  {
    weights,
    starts,
    factors,
    residualFactor = 0,
  }: { weights: Int8Array; starts: Int32Array; factors: Float32Array; residualFactor?: number | undefined },
): void {
  const { mode, add, runs, k, n } = matrix;
  const group = groupOf(mode);
  const view = new DataView(to.buffer, to.byteOffset, to.byteLength);
  const own = startsFor(mode, starts, weights);
  let at = 0;
  for (let panel = 0; panel < n; panel += PANEL) {
    for (let j = panel; j < panel + PANEL; j++, at += 4) view.setInt32(at, own[j] ?? 0, true);
    for (let run = 0; run < runs; run++) {
      for (let first = 0; first < k; first += group) {
        for (let j = panel; j < panel + PANEL; j++) {
          for (let i = first; i < first + group; i++)
            to[at++] = i < k && j < n ? (weights[(run * k + i) * n + j] ?? 0) : 0;
        }
      }
    }
    for (let j = panel; j < panel + PANEL; j++, at += 4) view.setFloat32(at, factors[j] ?? 0, true);
    if (add) for (let lane = 0; lane < 4; lane++, at += 4) view.setFloat32(at, residualFactor, true);
  }
}
