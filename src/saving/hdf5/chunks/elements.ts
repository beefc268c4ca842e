/** The elements of a dataset that do not lie in the file in one piece, put together when they are asked for. */
import { checkPackedChunk, countUnpacked, lengthOrEndless } from "../further-source.ts";
import { type Dims, formatShape } from "../../../core/shape.ts";
import { elementCount } from "../../bytes/element-count.ts";
import { formatError } from "../../file-errors.ts";
import { readDataspace } from "../datatype.ts";
import type { Hdf5File } from "../file.ts";
import { type Message, MessageType } from "../object-header.ts";
import type { Cursor, Source } from "../source.ts";
import { type Filter, checkFilters, readFilters, unfiltered } from "./filters.ts";
import { type Grid, chunksOf } from "./indexes.ts";
import { type Layout, readLayout } from "./layout.ts";

/** A way to all elements in row-major order. What it needs is checked now, and counted against the file's limit when it is first used. */
export function elementsOf(
  file: Hdf5File,
  messages: readonly Message[],
  shape: Dims,
  size: number,
  path: string,
): () => Uint8Array {
  const find = (type: number): Cursor | undefined => {
    const message = messages.find((candidate) => candidate.type === type);
    return message === undefined ? undefined : file.body(message);
  };
  const layoutMessage = find(MessageType.layout);
  if (layoutMessage === undefined) throw formatError(`The HDF5 file is broken: dataset '${path}' is stored nowhere.`);
  const layout = readLayout(layoutMessage, path);
  const { source } = file;
  const total = elementCount(shape) * size;
  if (layout.kind === "piece" && layout.start !== undefined) {
    if (layout.size !== undefined && layout.size !== total) {
      throw formatError(
        `The HDF5 file is broken: dataset '${path}' of shape ${formatShape(shape)} takes ${total} bytes, but ${layout.size} are stored.`,
      );
    }
    const { position } = source.cursor(layout.start, total, `dataset '${path}'`);
    return () => source.bytes.subarray(position, position + total);
  }
  const fill = fillValue(find(MessageType.fill), find(MessageType.oldFill), size);
  if (layout.kind === "piece") return filled(source, total, asFloats(total, size), fill);
  const pipeline = find(MessageType.filters);
  const filters = pipeline === undefined ? [] : readFilters(pipeline);
  checkFilters(filters, path);
  const space = find(MessageType.dataspace);
  const most = space === undefined ? shape : readMostAxes(space);
  return chunks(source, { layout, shape, most, size, path, fill, filters });
}

/** The shape that a dataset may grow to; Infinity for an axis without an end. */
function readMostAxes(space: Cursor): Dims {
  const hasMost = ((space.source.bytes[space.position + 2] ?? 0) & 1) !== 0;
  const shape = readDataspace(space);
  return hasMost ? shape.map(() => lengthOrEndless(space)) : shape;
}

/** The bytes of the fill value; undefined if they are zeros. */
function fillValue(message: Cursor | undefined, old: Cursor | undefined, elementSize: number): Uint8Array | undefined {
  const value = message === undefined ? old : definedFill(message);
  if (value === undefined) return undefined;
  const size = value.u32();
  // Before version 3, -1 stands for none, and 0 for zeros.
  if (size !== elementSize) return undefined;
  const start = value.skip(size);
  const bytes = value.source.bytes.subarray(start, start + size);
  return bytes.every((byte) => byte === 0) ? undefined : bytes;
}

/** The cursor at the size of a fill value, if there is one (HDF5 File Format Specification, IV.A.2.f). */
function definedFill(message: Cursor): Cursor | undefined {
  const version = message.version(1, 2, 3);
  if (version === 3) return (message.u8() & 0x20) === 0 ? undefined : message;
  message.skip(2);
  return message.u8() === 0 && version === 2 ? undefined : message;
}

/** The memory that elements take here: they become float32, which is more than they took if they are smaller. */
function asFloats(total: number, size: number): number {
  return (total / size) * Math.max(size, 4);
}

function filled(source: Source, total: number, memory: number, fill: Uint8Array | undefined): () => Uint8Array {
  let counted = false;
  return () => {
    if (!counted) countUnpacked(source, memory);
    counted = true;
    return arrayOf(total, fill);
  };
}

function arrayOf(total: number, fill: Uint8Array | undefined): Uint8Array {
  const bytes = new Uint8Array(total);
  if (fill !== undefined && total > 0) {
    bytes.set(fill);
    for (let done = fill.length; done < total; done *= 2) bytes.copyWithin(done, 0, Math.min(done, total - done));
  }
  return bytes;
}

interface ChunkedDataset {
  readonly layout: Layout & { readonly kind: "chunks" };
  readonly shape: Dims;
  readonly most: Dims;
  readonly size: number;
  readonly path: string;
  readonly fill: Uint8Array | undefined;
  readonly filters: readonly Filter[];
}

function chunks(source: Source, dataset: ChunkedDataset): () => Uint8Array {
  const { layout, shape, most, size, path, fill, filters } = dataset;
  const chunk = layout.chunk.slice(0, -1);
  if (chunk.length !== shape.length || layout.chunk.at(-1) !== size || chunk.includes(0)) {
    throw formatError(
      `The HDF5 file is broken: the chunks of dataset '${path}' of shape ${formatShape(shape)} have the shape ${formatShape(chunk)}.`,
    );
  }
  const total = elementCount(shape) * size;
  const chunkSize = elementCount(chunk) * size;
  const counts = shape.map((length, axis) => Math.ceil(length / (chunk[axis] ?? 1)));
  const grid: Grid = {
    most: most.map((length, axis) => Math.ceil(length / (chunk[axis] ?? 1))),
    chunk,
    chunkSize,
    filtered: filters.length > 0,
  };
  let counted = false;
  return () => {
    const count = (bytes: number): void => {
      if (!counted) countUnpacked(source, bytes);
    };
    count(asFloats(total, size));
    const out = arrayOf(total, fill);
    if (total === 0) return out;
    if (filters.length > 0) checkPackedChunk(source, chunkSize);
    const seen = new Set<number>();
    let expanded = 0;
    for (const { place, address, size: stored, mask } of chunksOf(source, layout.index, grid)) {
      // Beyond the dataset lies what it was shrunk by.
      if (place.some((at, axis) => at >= (counts[axis] ?? 0))) continue;
      const number = place.reduce((index, at, axis) => index * (counts[axis] ?? 1) + at, 0);
      if (seen.has(number)) throw formatError(`The HDF5 file is broken: dataset '${path}' has a chunk twice.`);
      seen.add(number);
      const edge = place.some((at, axis) => (at + 1) * (chunk[axis] ?? 1) > (shape[axis] ?? 0));
      const plain = filters.length === 0 || (edge && layout.plainEdges);
      const { position } = source.cursor(address, stored, `a chunk of dataset '${path}'`);
      const bytes = source.bytes.subarray(position, position + stored);
      if (!plain) {
        // Chunks may reach far beyond the dataset.
        expanded += chunkSize;
        count(Math.max(0, Math.min(chunkSize, expanded - total)));
      }
      const values = unfiltered(bytes, plain ? [] : filters, mask, chunkSize, path);
      copyChunk(values, out, { place, chunk, shape, size });
    }
    counted = true;
    return out;
  };
}

/** Copies what of a chunk lies in the dataset, row by row. */
function copyChunk(
  values: Uint8Array,
  out: Uint8Array,
  { place, chunk, shape, size }: { place: Dims; chunk: Dims; shape: Dims; size: number },
): void {
  const rank = shape.length;
  const start = place.map((at, axis) => at * (chunk[axis] ?? 1));
  const length = start.map((at, axis) => Math.min(chunk[axis] ?? 1, (shape[axis] ?? 0) - at));
  const row = (length[rank - 1] ?? 1) * size;
  const index = start.map(() => 0);
  const rows = elementCount(length.slice(0, -1));
  for (let i = 0; i < rows; i++) {
    let [from, to] = [0, 0];
    for (let axis = 0; axis < rank; axis++) {
      from = from * (chunk[axis] ?? 1) + (index[axis] ?? 0);
      to = to * (shape[axis] ?? 1) + (start[axis] ?? 0) + (index[axis] ?? 0);
    }
    out.set(values.subarray(from * size, from * size + row), to * size);
    for (let axis = rank - 2; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next === length[axis] ? 0 : next;
      if (next !== length[axis]) break;
    }
  }
}
