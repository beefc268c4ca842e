/** Where the chunks of a dataset lie: the six kinds of indexes (HDF5 File Format Specification, III.A.1, VII). */
import { uintOf } from "../further-source.ts";
import { formatError } from "../../file-errors.ts";
import { recordsOf } from "../dense/btree2.ts";
import type { Cursor, Source } from "../source.ts";
import type { ChunkIndex } from "./layout.ts";
import { extensibleArray, fixedArray } from "./arrays.ts";

export interface Chunk {
  /** The chunk's place along each axis, counted in chunks. */
  readonly place: readonly number[];
  readonly address: number;
  /** The bytes that are stored. */
  readonly size: number;
  /** The filters that were left out, a bit for each. */
  readonly mask: number;
}

/** How the chunks lie side by side. */
export interface Grid {
  /** The number of chunks along each axis, as far as the dataset may grow; Infinity for an axis without an end. */
  readonly most: readonly number[];
  /** The shape of a chunk. */
  readonly chunk: readonly number[];
  /** The bytes of a chunk before its filters. */
  readonly chunkSize: number;
  readonly filtered: boolean;
}

/** The chunks that were written. */
export function* chunksOf(source: Source, index: ChunkIndex, grid: Grid): Generator<Chunk> {
  const { kind, address } = index;
  if (address === undefined) return;
  const { chunkSize } = grid;
  switch (kind) {
    case "single":
      yield { place: grid.chunk.map(() => 0), address, size: index.size ?? chunkSize, mask: index.mask ?? 0 };
      return;
    case "implicit": {
      const count = grid.most.reduce((product, n) => product * n, 1);
      source.cursor(address, count * chunkSize, "the chunks of a dataset");
      for (let i = 0; i < count; i++) {
        source.spend();
        yield { place: placeOf(i, grid.most), address: address + i * chunkSize, size: chunkSize, mask: 0 };
      }
      return;
    }
    case "tree 1":
      yield* tree1(source, address, grid, undefined, new Set());
      return;
    case "tree 2":
      yield* tree2(source, address, grid);
      return;
    case "fixed array":
      for (const [i, entry] of fixedArray(source, address)) {
        const chunk = arrayChunk(entry, placeOf(i, grid.most), grid);
        if (chunk !== undefined) yield chunk;
      }
      return;
    case "extensible array": {
      // The axis without an end counts slowest.
      const endless = grid.most.findIndex((n) => n === Infinity);
      const first = Math.max(0, endless);
      const order = [first, ...[...grid.most.keys()].filter((axis) => axis !== first)];
      const most = order.map((axis) => grid.most[axis] ?? 1);
      for (const [i, entry] of extensibleArray(source, address)) {
        const place = placeOf(i, most);
        const chunk = arrayChunk(
          entry,
          grid.most.map((_, axis) => place[order.indexOf(axis)] ?? 0),
          grid,
        );
        if (chunk !== undefined) yield chunk;
      }
    }
  }
}

/** The place of the i-th chunk in row-major order. The number of chunks along the first axis does not matter. */
function placeOf(i: number, counts: readonly number[]): readonly number[] {
  const place = counts.map(() => 0);
  let rest = i;
  for (let axis = counts.length - 1; axis > 0; axis--) {
    const count = Math.max(1, counts[axis] ?? 1);
    place[axis] = rest % count;
    rest = Math.floor(rest / count);
  }
  if (place.length > 0) place[0] = rest;
  return place;
}

/** The chunk of an array's entry: an address, and where there are filters a size and a mask. */
function arrayChunk(entry: Cursor, place: readonly number[], grid: Grid): Chunk | undefined {
  const address = entry.address();
  if (address === undefined) return undefined;
  if (!grid.filtered) return { place, address, size: grid.chunkSize, mask: 0 };
  const size = uintOf(entry, entry.remaining - 4);
  return { place, address, size, mask: entry.u32() };
}

function* tree1(
  source: Source,
  address: number,
  grid: Grid,
  level: number | undefined,
  seen: Set<number>,
): Generator<Chunk> {
  if (seen.has(address)) throw formatError("The HDF5 file is broken: the tree of a dataset leads back into itself.");
  seen.add(address);
  const cursor = source.from(address, "the tree of a dataset");
  cursor.signature("TREE");
  cursor.version(1);
  const ownLevel = cursor.u8();
  if (level !== undefined && ownLevel !== level) {
    throw formatError("The HDF5 file is broken: the tree of a dataset has a node on the wrong level.");
  }
  const count = cursor.u16();
  cursor.skip(2 * source.offsetSize);
  for (let i = 0; i < count; i++) {
    source.spend();
    const size = cursor.u32();
    const mask = cursor.u32();
    const place = grid.chunk.map((length) => placeAlong(cursor.uint(8), length));
    cursor.skip(8);
    const child = cursor.requiredAddress();
    if (ownLevel > 0) yield* tree1(source, child, grid, ownLevel - 1, seen);
    else yield { place, address: child, size, mask };
  }
}

function placeAlong(offset: number, length: number): number {
  if (offset % length === 0) return offset / length;
  throw formatError("The HDF5 file is broken: a chunk of a dataset begins in the middle of another.");
}

function* tree2(source: Source, address: number, grid: Grid): Generator<Chunk> {
  for (const record of recordsOf(source, address)) {
    const at = record.requiredAddress();
    const size = grid.filtered ? uintOf(record, record.remaining - 4 - 8 * grid.chunk.length) : grid.chunkSize;
    const mask = grid.filtered ? record.u32() : 0;
    yield { place: grid.chunk.map(() => record.uint(8)), address: at, size, mask };
  }
}
