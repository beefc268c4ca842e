/** Which register tile a matrix product has. */
import type { Tile, Tiling } from "../../kernels/f32/tilings.ts";

/** The tile of a matrix product with so many columns; weights are packed for it whatever the number of rows. */
export function tileOfColumns({ tile, narrow }: Tiling, columns: number): Tile {
  const padded = (to: number): number => Math.ceil(columns / to) * to;
  return padded(narrow.columns) < padded(tile.columns) ? narrow : tile;
}
