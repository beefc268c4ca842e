/** How the rows of a matrix are cut into register tiles. */

/** Cuts rows into tiles of nearly equal height, at most `most`, so that no thin one is left over. */
export function splitRows(rows: number, most: number): readonly { readonly rows: number; readonly tiles: number }[] {
  const tiles = Math.ceil(rows / most);
  const low = Math.floor(rows / tiles);
  const high = rows - low * tiles;
  return [
    { rows: low + 1, tiles: high },
    { rows: low, tiles: tiles - high },
  ].filter((split) => split.tiles > 0);
}
