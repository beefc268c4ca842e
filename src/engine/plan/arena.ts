/** Places buffers in memory so that those alive at the same time do not overlap: the largest first, each in the lowest gap (XNNPACK's memory planner). */

/** Memory that is needed for a while. */
export interface LiveBuffer {
  readonly bytes: number;
  /** The first and the last operation, both inclusive, during which the buffer must keep its content. */
  readonly from: number;
  readonly to: number;
}

export interface Arena {
  /** Where each buffer begins, in the order in which they were given. */
  readonly offsets: readonly number[];
  readonly bytes: number;
}

/** The bytes of a cache line; vectors at the end of a buffer may be written whole. */
const ALIGNMENT = 64;

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

export function placeBuffers(buffers: readonly LiveBuffer[]): Arena {
  const offsets = buffers.map(() => 0);
  const placed: { readonly buffer: LiveBuffer; readonly start: number; readonly end: number }[] = [];
  const order = buffers.map((buffer, index) => ({ buffer, index })).toSorted((a, b) => b.buffer.bytes - a.buffer.bytes);
  let bytes = 0;
  for (const { buffer, index } of order) {
    const size = align(buffer.bytes);
    let start = 0;
    for (const other of placed) {
      if (other.buffer.from > buffer.to || other.buffer.to < buffer.from || other.end <= start) continue;
      if (other.start >= start + size) break;
      start = other.end;
    }
    const entry = { buffer, start, end: start + size };
    const after = placed.findIndex((other) => other.start > start);
    placed.splice(after < 0 ? placed.length : after, 0, entry);
    offsets[index] = start;
    bytes = Math.max(bytes, entry.end);
  }
  return { offsets, bytes };
}
