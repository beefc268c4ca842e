/** The list of every kernel variant, as data: what the engine chooses from and what the tests go through. */
import { MAP_NAMES, type MapName } from "./elementwise.ts";
import type { GemmVariant } from "./gemm.ts";
import type { Arithmetic } from "../parts.ts";
import type { PoolMode } from "./reduce.ts";

/** A register tile of the matrix kernels: at most so many rows, and so many columns. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
}

/** The kernels for one kind of machine. */
export interface Tiling {
  readonly arithmetic: Arithmetic;
  /** For matrices of one row, whose weights come from far away: enough sums not to wait for one another. */
  readonly row: Tile;
  readonly tile: Tile;
  /** Where it leaves less of the last columns empty. */
  readonly narrow: Tile;
  /** Vectors of channels that the depthwise kernel computes side by side. */
  readonly depthwiseVectors: number;
}

/**
 * By what the engine can do. V8 has 15 vector registers on x64: 6 × 2 sums, 2 weights and 1 value fill them; without fused
 * multiply-add the product needs one too. Where V8 joins neighbouring vectors to 256 bits (`wide`), pairs take the place of vectors.
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

/** The tile for a matrix of so many rows and columns. */
export function tileFor(tiling: Tiling, rows: number, columns: number): Tile {
  return rows === 1 ? tiling.row : tileForColumns(tiling, columns);
}

/** The tile for a matrix of so many columns, whatever the number of its rows. */
export function tileForColumns({ tile, narrow }: Tiling, columns: number): Tile {
  const padded = (to: number): number => Math.ceil(columns / to) * to;
  return padded(narrow.columns) < padded(tile.columns) ? narrow : tile;
}

const EITHER = [false, true];

/** All matrix kernels. */
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
