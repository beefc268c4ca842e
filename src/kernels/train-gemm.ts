/** The matrix product of weight gradients: C[k, n] += Σp A[p, k] × B[p, n], in register tiles of rows (of C) × columns, pixels innermost. */
import type { Local } from "../wasm/expression.ts";
import type { FunctionBuilder } from "../wasm/function.ts";
import { i32, v128 } from "../wasm/instructions.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import { type Arithmetic, VECTOR, multiplyAdd, storeFirst } from "./parts.ts";

interface Tile {
  readonly rows: number;
  readonly columns: number;
}

/** A `Tiling` of the table is one. */
export interface GemmTnVariant {
  readonly arithmetic: Arithmetic;
  readonly tile: Tile;
  /** For the last columns, where they fit it. */
  readonly narrow: Tile;
}

export function gemmTnName({ arithmetic, tile, narrow }: GemmTnVariant): string {
  const tiles = new Set([tile, narrow].map(({ rows, columns }) => `${rows}x${columns}`));
  return `f32_gemm_tn_${[...tiles].join("_")}__${arithmetic}`;
}

/**
 * Parameters, all strides in bytes: `pixels`, `k`, `n` (at least 1), `a`, `aStride`, `b`, `bStride`, `c`, `cStride`.
 *
 * A is activations, B gradients of outputs, C the gradient of the weights. Rows of A may overlap (the runs of a convolution's windows:
 * `k` = window columns × channels, `aStride` = a step of the window). The caller cuts pixels so that A's and B's stay in the L2 cache.
 * Reads up to 3 vectors beyond the last column of B and of C; writes nothing outside C.
 */
export function gemmTn(module: ModuleBuilder, variant: GemmTnVariant): FunctionBuilder {
  const { tile, narrow, arithmetic } = variant;
  const name = gemmTnName(variant);
  const isNarrow = narrow.columns < tile.columns;
  const panels = [tile, ...(isNarrow ? [narrow] : [])].map(({ rows, columns }) => ({
    rows,
    columns,
    heights: Array.from({ length: rows }, (_, i) => panelOfRows(module, { rows: i + 1, columns }, arithmetic)),
  }));

  const f = module.function(name);
  const pixels = f.param("i32");
  const k = f.param("i32");
  const n = f.param("i32");
  const a = f.param("i32");
  const aStride = f.param("i32");
  const b = f.param("i32");
  const bStride = f.param("i32");
  const c = f.param("i32");
  const cStride = f.param("i32");
  const tiles = f.local("i32");
  const low = f.local("i32");
  const high = f.local("i32");
  const aTile = f.local("i32");
  const cTile = f.local("i32");

  /** All rows of a panel of columns, in tiles of nearly equal height. */
  const panel = ({ rows, columns, heights }: (typeof panels)[number]): void => {
    f.set(tiles, i32.div_u(i32.add(k, i32.const(rows - 1)), i32.const(rows)));
    f.set(low, i32.div_u(k, tiles));
    f.set(high, i32.sub(k, i32.mul(low, tiles)));
    f.set(aTile, a);
    f.set(cTile, c);
    const split = (height: Local<"i32">, count: Local<"i32">): void => {
      f.if(count, () => {
        for (const [i, part] of heights.entries()) {
          f.if(i32.eq(height, i32.const(i + 1)), () =>
            f.call(part, [count, pixels, n, aTile, aStride, b, bStride, cTile, cStride]),
          );
        }
        f.increase(aTile, i32.shl(i32.mul(height, count), i32.const(2)));
        f.increase(cTile, i32.mul(cStride, i32.mul(height, count)));
      });
    };
    f.set(tiles, i32.sub(tiles, high));
    split(low, tiles);
    f.increase(low, 1);
    split(low, high);
    for (const pointer of [b, c]) f.increase(pointer, columns * 4);
    f.increase(n, -columns);
  };
  f.repeat(
    () => {
      const [full, rest] = panels;
      if (full === undefined) return;
      if (rest === undefined) panel(full);
      else {
        f.if(
          i32.gt_s(n, i32.const(rest.columns)),
          () => panel(full),
          () => panel(rest),
        );
      }
    },
    i32.gt_s(n, i32.const(0)),
  );
  return f;
}

/** Tiles of one height, below one another: a panel of C's columns, of which `n` exist (or more). */
function panelOfRows(module: ModuleBuilder, { rows, columns }: Tile, arithmetic: Arithmetic): FunctionBuilder {
  const vectors = columns / 4;
  const f = module.function(`f32_gemm_tn_part_${rows}x${columns}__${arithmetic}`);
  const tiles = f.param("i32");
  const pixels = f.param("i32");
  const n = f.param("i32");
  const a = f.param("i32");
  const aStride = f.param("i32");
  const b = f.param("i32");
  const bStride = f.param("i32");
  const c = f.param("i32");
  const cStride = f.param("i32");
  const aRow = f.local("i32");
  const bRow = f.local("i32");
  const cRow = f.local("i32");
  const left = f.local("i32");
  const sums = Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.local("v128")));
  const gradients = Array.from({ length: vectors }, () => f.local("v128"));
  const value = f.local("v128");

  const eachRow = (whole: (row: readonly Local<"v128">[]) => void): void => {
    f.set(cRow, c);
    for (const [i, row] of sums.entries()) {
      if (i > 0) f.increase(cRow, cStride);
      whole(row);
    }
  };
  f.repeat(() => {
    eachRow((row) => {
      for (const [v, sum] of row.entries()) f.set(sum, v128.load(cRow, v * VECTOR));
    });
    f.set(aRow, a);
    f.set(bRow, b);
    f.set(left, pixels);
    f.repeat(() => {
      for (const [v, gradient] of gradients.entries()) f.set(gradient, v128.load(bRow, v * VECTOR));
      for (const [i, row] of sums.entries()) {
        f.set(value, v128.load32_splat(aRow, i * 4));
        for (const [v, sum] of row.entries()) {
          f.set(sum, multiplyAdd(arithmetic, value, gradients[v] ?? value, sum));
        }
      }
      f.increase(aRow, aStride);
      f.increase(bRow, bStride);
      f.increase(left, -1);
    }, left);
    f.if(
      i32.ge_u(n, i32.const(columns)),
      () =>
        eachRow((row) => {
          for (const [v, sum] of row.entries()) f.store(v128.store(cRow, sum, v * VECTOR));
        }),
      () =>
        eachRow((row) => {
          f.set(left, cRow);
          storeFirst(f, left, row, n);
        }),
    );
    f.increase(a, rows * 4);
    f.increase(c, i32.mul(cStride, i32.const(rows)));
    f.increase(tiles, -1);
  }, tiles);
  return f;
}
