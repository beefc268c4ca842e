/** The matrix product of weight gradients: C[k, n] += Σp A[p, k] × B[p, n], in register tiles of rows (of C) × columns, with pixels innermost. */
import type { Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { type Arithmetic, VECTOR, multiplyAdd, storeFirst } from "../parts.ts";
import { parameters } from "./parts.ts";

interface Tile {
  readonly rows: number;
  readonly columns: number;
}

/** A variant of `gemmTn`. */
export interface GemmTnVariant {
  readonly arithmetic: Arithmetic;
  readonly tile: Tile;
  /** The tile for the last columns. */
  readonly narrow: Tile;
  /** Whether the number of columns may be other than a multiple of the narrow tile's. */
  readonly ragged: boolean;
}

export function gemmTnName({ arithmetic, tile, narrow, ragged }: GemmTnVariant): string {
  const tiles = new Set([tile, narrow].map(({ rows, columns }) => `${rows}x${columns}`));
  return `f32_gemm_tn_${[...tiles].join("_")}${ragged ? "_ragged" : ""}__${arithmetic}`;
}

/**
 * The kernel for the gradient of weights. All strides are in bytes. Parameters: `pixels`, `k`, `n` (at least 1), `a`, `aStride`, `b`,
 * `bStride`, `c`, `cStride`.
 *
 * A holds activations, B the gradients of outputs, C the gradient of the weights. Rows of A may overlap, as the windows of a convolution
 * do: then `k` is the window's columns × channels, and `aStride` one step of the window. The caller passes so few pixels at a time that
 * those of A and B stay in the L2 cache. It reads up to 7 floats beyond the last column of B and of C, and writes nothing outside C.
 */
export function gemmTn(module: ModuleBuilder, variant: GemmTnVariant): FunctionBuilder {
  const { tile, narrow, arithmetic, ragged } = variant;
  const name = gemmTnName(variant);
  const partsOf = ({ rows, columns }: Tile, isRagged: boolean): readonly FunctionBuilder[] =>
    Array.from({ length: rows }, (_, i) => panelPart(module, { rows: i + 1, columns }, arithmetic, isRagged));
  const whole = [tile, ...(narrow.columns < tile.columns ? [narrow] : [])].map(({ columns, rows }) => ({
    columns,
    heights: partsOf({ columns, rows }, false),
  }));
  const last = ragged ? partsOf(narrow, true) : [];

  const f = module.function(name);
  const [pixels, k, n, a, aStride, b, bStride, c, cStride] = parameters(f, 9);
  const low = f.local("i32");
  const lowTiles = f.local("i32");
  const highTiles = f.local("i32");
  const aTile = f.local("i32");
  const cTile = f.local("i32");

  /** Emits all rows of a panel of columns, in tiles of nearly equal height. */
  const panel = (heights: readonly FunctionBuilder[]): void => {
    f.set(lowTiles, i32.div_u(i32.add(k, i32.const(heights.length - 1)), i32.const(heights.length)));
    f.set(low, i32.div_u(k, lowTiles));
    f.set(highTiles, i32.sub(k, i32.mul(low, lowTiles)));
    f.set(lowTiles, i32.sub(lowTiles, highTiles));
    f.set(aTile, a);
    f.set(cTile, c);
    for (const [i, part] of heights.entries()) {
      const call = (tiles: Local<"i32">): void => {
        f.call(part, [tiles, pixels, n, aTile, aStride, b, bStride, cTile, cStride]);
        f.increase(aTile, i32.mul(tiles, i32.const(4 * (i + 1))));
        f.increase(cTile, i32.mul(cStride, i32.mul(tiles, i32.const(i + 1))));
      };
      f.if(i32.eq(low, i32.const(i + 1)), () => call(lowTiles));
      const isHigh = i32.eq(low, i32.const(i));
      if (i > 0) f.if(isHigh, () => f.if(highTiles, () => call(highTiles)));
    }
  };
  for (const { columns, heights } of whole) {
    const panels = f.local("i32", i32.div_u(n, i32.const(columns)));
    f.times(panels, () => {
      panel(heights);
      for (const pointer of [b, c]) f.increase(pointer, columns * 4);
      f.increase(n, -columns);
    });
  }
  if (ragged) f.if(n, () => panel(last));
  return f;
}

/**
 * A function for tiles of one height, below one another: a panel of C's columns, of which only `n` exist if it is ragged. (Ragged panels
 * have a function of their own: if joined vectors were needed one by one anywhere in a function, V8 would take them apart in the innermost
 * loop.)
 */
function panelPart(
  module: ModuleBuilder,
  { rows, columns }: Tile,
  arithmetic: Arithmetic,
  ragged: boolean,
): FunctionBuilder {
  const vectors = columns / 4;
  const f = module.function(`f32_gemm_tn_part_${rows}x${columns}${ragged ? "_ragged" : ""}__${arithmetic}`);
  const [tiles, pixels, n, a, aStride, b, bStride, c, cStride] = parameters(f, 9);
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
    eachRow((row) => {
      if (ragged) {
        f.set(left, cRow);
        storeFirst(f, left, row, n);
      } else for (const [v, sum] of row.entries()) f.store(v128.store(cRow, sum, v * VECTOR));
    });
    f.increase(a, rows * 4);
    f.increase(c, i32.mul(cStride, i32.const(rows)));
    f.increase(tiles, -1);
  }, tiles);
  return f;
}
