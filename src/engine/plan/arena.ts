/** Places buffers in memory so that those alive at the same time do not overlap: the largest first, each in the lowest gap (XNNPACK's memory planner). */

export interface Block {
  readonly bytes: number;
  /** The first and the last operation, both inclusive, during which the block must keep its content. */
  readonly from: number;
  readonly to: number;
}

export interface Arena {
  /** For each block, in order. */
  readonly offsets: readonly number[];
  readonly bytes: number;
}

/** A cache line; vectors at the end of a buffer may be written whole. */
const ALIGNMENT = 64;

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

export function placeBlocks(blocks: readonly Block[]): Arena {
  const offsets = blocks.map(() => 0);
  const placed: { readonly block: Block; readonly start: number; readonly end: number }[] = [];
  const order = blocks.map((block, index) => ({ block, index })).toSorted((a, b) => b.block.bytes - a.block.bytes);
  let bytes = 0;
  for (const { block, index } of order) {
    const size = align(block.bytes);
    let start = 0;
    for (const other of placed) {
      if (other.block.from > block.to || other.block.to < block.from || other.end <= start) continue;
      if (other.start >= start + size) break;
      start = other.end;
    }
    const entry = { block, start, end: start + size };
    const after = placed.findIndex((other) => other.start > start);
    placed.splice(after < 0 ? placed.length : after, 0, entry);
    offsets[index] = start;
    bytes = Math.max(bytes, entry.end);
  }
  return { offsets, bytes };
}
