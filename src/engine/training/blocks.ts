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

/** Blocks of pixels, or of rows of pictures. */
export interface Blocks {
  /** The pixels or rows of a block; the last one, and the last one of each picture, may have fewer. */
  readonly size: number;
  readonly count: number;
}

/** Rows of pictures: no block reaches into the next picture. */
export interface RowBlocks extends Blocks {
  readonly perPicture: number;
}

/** A block reads and writes about so much: a part of the second level of the cache. */
const BLOCK_BYTES = 2 ** 18;
/** Blocks are whole register tiles of any height (4, 6, 12). */
const TILE_ROWS = 12;
const MOST_PIXELS = 1200;
/** There are at least so many, if the batch has the pixels: several threads have something to do, and the last one is not long. */
const LEAST_BLOCKS = 16;

/** Cuts pixels into blocks. @param floats the number of floats that each pixel takes in all matrices together. */
export function pixelBlocks(pixels: number, floats: number): Blocks {
  const byCache = Math.floor(BLOCK_BYTES / (floats * 4));
  const byThreads = Math.floor(pixels / LEAST_BLOCKS);
  const tiles = Math.floor(Math.min(byCache, byThreads, MOST_PIXELS) / TILE_ROWS);
  const size = Math.min(pixels, Math.max(1, tiles) * TILE_ROWS);
  return { size, count: Math.ceil(pixels / size) };
}

/** Cuts the output rows of windows into blocks. @param matrices how many matrices of the input's shape, and of the output's, are worked on together. */
export function rowBlocks({ from, to, batch, window }: Sliding, matrices = 1): RowBlocks {
  const rowBytes = (from.cols * from.channels * window.strides[0] + to.cols * to.channels) * 4 * matrices;
  const byCache = Math.floor(BLOCK_BYTES / rowBytes);
  const byThreads = Math.ceil((batch * to.rows) / LEAST_BLOCKS);
  const most = Math.max(1, Math.min(byCache, byThreads, to.rows));
  const perPicture = Math.ceil(to.rows / most);
  const size = Math.ceil(to.rows / perPicture);
  return { size, perPicture: Math.ceil(to.rows / size), count: batch * Math.ceil(to.rows / size) };
}

/** Pieces of the work: the blocks of one add to the same sums, in order, and the sums of all pieces are added up in the end. */
export interface Pieces {
  readonly count: number;
  /** The blocks of a piece; the last one may have fewer. */
  readonly blocks: number;
}

/** The sums of all pieces may take so much memory, and so many pieces are enough for the threads. */
const PIECES_BYTES = 2 ** 22;
const MOST_PIECES = 16;

/** Divides blocks among pieces: a single one if its sums are too large. @param bytes those of one piece's sums. */
export function piecesOf(blocks: number, bytes: number): Pieces {
  const most = Math.max(1, Math.min(MOST_PIECES, blocks, Math.floor(PIECES_BYTES / bytes)));
  const each = Math.ceil(blocks / most);
  return { count: Math.ceil(blocks / each), blocks: each };
}
