/** The register tiles of the matrix kernels, and how many vectors the depthwise kernel takes, for each kind of machine. */
import type { Features } from "../../wasm/features.ts";
import type { Arithmetic } from "../parts.ts";

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
 * The kernels by what the machine can do. V8 has 15 vector registers on x64: 6 × 2 sums, 2 weights and 1 value fill them; without fused
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

/** The kernels for a machine with these features. */
export function tilingOf({ relaxedSimd, wideSimd }: Features): Tiling {
  if (!relaxedSimd) return TILINGS.mul;
  return wideSimd ? TILINGS.wide : TILINGS.fma;
}

/** The tile for a matrix with the given numbers of rows and columns. */
export function tileFor(tiling: Tiling, rows: number, columns: number): Tile {
  return rows === 1 ? tiling.row : tileForColumns(tiling, columns);
}

/** The tile for matrices with the given number of columns and any number of rows. */
export function tileForColumns({ tile, narrow }: Tiling, columns: number): Tile {
  const padded = (to: number): number => Math.ceil(columns / to) * to;
  return padded(narrow.columns) < padded(tile.columns) ? narrow : tile;
}
