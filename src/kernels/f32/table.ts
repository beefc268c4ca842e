/** The variants of the matrix, pooling and activation kernels as data: the engine chooses from them, and the tests go through them. */
import { MAP_NAMES, type MapName } from "./elementwise.ts";
import type { GemmVariant } from "./gemm.ts";
import type { Arithmetic } from "../parts.ts";
import type { PoolMode } from "./reduce.ts";

/** A register tile of the matrix kernels: the largest number of rows, and the number of columns. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
}

/** The kernels for one kind of machine. */
export interface Tiling {
  /** How a multiply-add is computed. */
  readonly arithmetic: Arithmetic;
  /** The tile for matrices of one row, whose weights come from far away: wide enough that the sums need not wait for one another. */
  readonly row: Tile;
  /** The tile for other matrices. */
  readonly tile: Tile;
  /** The tile used instead of `tile` if it leaves fewer of the last columns empty. */
  readonly narrow: Tile;
  /** The number of vectors of channels that the depthwise kernel computes side by side. */
  readonly depthwiseVectors: number;
}

/**
 * The kernels by what the engine supports. V8 has 15 vector registers on x64: 6 × 2 sums, 2 weights and 1 value fill them; without fused
 * multiply-add the product needs one as well. If V8 joins neighbouring vectors to 256 bits (`wide`), pairs take the place of vectors.
 */
export const TILINGS = {
  mul: {
    arithmetic: "mul",
    row: { rows: 1, columns: 32 },
    tile: { rows: 4, columns: 8 },
    narrow: { rows: 4, columns: 8 },
    depthwiseVectors: 1,
  },
  fma: {
    arithmetic: "fma",
    row: { rows: 1, columns: 32 },
    tile: { rows: 6, columns: 8 },
    narrow: { rows: 6, columns: 8 },
    depthwiseVectors: 1,
  },
  wide: {
    arithmetic: "fma",
    row: { rows: 1, columns: 32 },
    tile: { rows: 6, columns: 16 },
    narrow: { rows: 12, columns: 8 },
    depthwiseVectors: 2,
  },
} as const satisfies Record<string, Tiling>;

/** The tile for a matrix with the given numbers of rows and columns. */
export function tileFor({ row, tile, narrow }: Tiling, rows: number, columns: number): Tile {
  if (rows === 1) return row;
  const padded = (to: number): number => Math.ceil(columns / to) * to;
  return padded(narrow.columns) < padded(tile.columns) ? narrow : tile;
}

const EITHER = [false, true];

/** All variants of `gemm`. */
export const GEMM_VARIANTS: readonly GemmVariant[] = Object.values(TILINGS).flatMap((tiling) => {
  const { arithmetic, row, tile, narrow } = tiling;
  const tiles = [row, tile, narrow].flatMap(({ rows: most, columns }) =>
    Array.from({ length: most }, (_, i) => ({ rows: i + 1, columns, arithmetic })),
  );
  return unique(tiles).flatMap((common) =>
    EITHER.flatMap((minmax) =>
      EITHER.flatMap((add) =>
        EITHER.flatMap((window) => EITHER.map((ragged) => ({ ...common, minmax, add, window, ragged }))),
      ),
    ),
  );
});

function unique<T extends Tile>(tiles: readonly T[]): T[] {
  return [...new Map(tiles.map((tile) => [`${tile.rows} ${tile.columns}`, tile])).values()];
}

export const POOL_MODES: readonly PoolMode[] = ["mean", "max"];

export const MAPS: readonly MapName[] = MAP_NAMES;
