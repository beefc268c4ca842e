/** Which register tile a convolution has, and how its pixels are cut into tiles. */
import { type Tile, type Tiling, tileFor } from "../../kernels/f32/table.ts";
import type { Convolution } from "../../lowering/operations.ts";

export function tileOf(tiling: Tiling, { to, groups }: Convolution): Tile {
  return tileFor(tiling, to.rows * to.cols, to.channels / groups);
}

/** So many rows as tiles of nearly equal height, at most `most`: no thin one is left over. */
export function splitRows(rows: number, most: number): readonly { readonly rows: number; readonly tiles: number }[] {
  const tiles = Math.ceil(rows / most);
  const low = Math.floor(rows / tiles);
  const high = rows - low * tiles;
  return [
    { rows: low + 1, tiles: high },
    { rows: low, tiles: tiles - high },
  ].filter((split) => split.tiles > 0);
}
