/** How operations are cut into blocks that stay in a core's cache, the same ones for any number of threads. */
import type { Picture } from "../../lowering/picture.ts";
import type { Window } from "../../lowering/windows.ts";

/** Windows that slide over the pictures of a batch. */
export interface Sliding {
  readonly batch: number;
  readonly from: Picture;
  readonly to: Picture;
  readonly window: Window;
}

/** Of pixels, or of rows of one picture. */
export interface Blocks {
  /** Of every block but the last ones. */
  readonly size: number;
  readonly count: number;
}

/** Rows of pictures: no block reaches into the next picture. */
export interface RowBlocks extends Blocks {
  readonly perPicture: number;
}

/** What a block reads and writes, about: a part of the second level of the cache. */
const BLOCK_BYTES = 2 ** 18;
/** Blocks are whole register tiles of any height (4, 6, 12). */
const TILE_ROWS = 12;
const MOST_PIXELS = 1200;
/** So that several threads have something to do, and the last one does not take long. */
const LEAST_BLOCKS = 16;

/** So many pixels in blocks, of which each pixel takes so many floats. */
export function pixelBlocks(pixels: number, floats: number): Blocks {
  const byCache = Math.floor(BLOCK_BYTES / (floats * 4));
  const byThreads = Math.floor(pixels / LEAST_BLOCKS);
  const tiles = Math.floor(Math.min(byCache, byThreads, MOST_PIXELS) / TILE_ROWS);
  const size = Math.min(pixels, Math.max(1, tiles) * TILE_ROWS);
  return { size, count: Math.ceil(pixels / size) };
}

/** The output rows of a convolution in blocks; `matrices` like its input and its output are worked on together. */
export function rowBlocks({ from, to, batch, window }: Sliding, matrices = 1): RowBlocks {
  const rowBytes = (from.cols * from.channels * window.strides[0] + to.cols * to.channels) * 4 * matrices;
  const byCache = Math.floor(BLOCK_BYTES / rowBytes);
  const byThreads = Math.ceil((batch * to.rows) / LEAST_BLOCKS);
  const most = Math.max(1, Math.min(byCache, byThreads, to.rows));
  const perPicture = Math.ceil(to.rows / most);
  const size = Math.ceil(to.rows / perPicture);
  return { size, perPicture: Math.ceil(to.rows / size), count: batch * Math.ceil(to.rows / size) };
}

/** Blocks that add to the same sums, in order: pieces of the work, each with sums of its own, which are added up in the end. */
export interface Pieces {
  readonly count: number;
  /** Blocks of every piece but the last. */
  readonly blocks: number;
}

/** The sums of all pieces may take so much memory; and so many pieces are enough for the threads. */
const PIECES_BYTES = 2 ** 22;
const MOST_PIECES = 16;

/** `bytes` are those of one piece's sums. Fewer than two pieces where they are too many. */
export function piecesOf(blocks: number, bytes: number): Pieces {
  const most = Math.max(1, Math.min(MOST_PIECES, blocks, Math.floor(PIECES_BYTES / bytes)));
  const each = Math.ceil(blocks / most);
  return { count: Math.ceil(blocks / each), blocks: each };
}
