/** Writes FlatBuffers (the binary format of flatbuffers.dev): tables first, then what they point to, so that every offset leads forwards. */
import { ByteWriter } from "../../bytes/byte-writer.ts";

/** A number that stands in a table itself. */
export interface FlatNumber {
  readonly kind: "number";
  readonly bytes: Uint8Array;
}

/** A table; the place of a field in the list is its number, and undefined stands for its default. */
export interface FlatTable {
  readonly kind: "table";
  readonly fields: readonly (FlatNumber | FlatTarget | undefined)[];
}

/** Numbers in a row. Texts have a zero behind them that does not count. */
export interface FlatVector {
  readonly kind: "vector";
  readonly count: number;
  readonly bytes: Uint8Array;
  /** The first number stands on a multiple of so many bytes. */
  readonly alignment: number;
}

export interface FlatList {
  readonly kind: "list";
  readonly items: readonly FlatTarget[];
}

/** What stands somewhere else than in the table that has it. */
export type FlatTarget = FlatTable | FlatVector | FlatList;

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // TypedArrays are little-endian wherever WebAssembly runs.
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function number(array: ArrayBufferView<ArrayBuffer>): FlatNumber {
  return { kind: "number", bytes: bytesOf(array) };
}

export const int8 = (value: number): FlatNumber => number(Int8Array.of(value));
export const uint8 = (value: number): FlatNumber => number(Uint8Array.of(value));
export const int32 = (value: number): FlatNumber => number(Int32Array.of(value));
export const uint32 = (value: number): FlatNumber => number(Uint32Array.of(value));
export const float32 = (value: number): FlatNumber => number(Float32Array.of(value));
export const bool = (value: boolean): FlatNumber => uint8(value ? 1 : 0);

export function table(fields: FlatTable["fields"] = []): FlatTable {
  return { kind: "table", fields };
}

export function list(items: readonly FlatTarget[]): FlatList {
  return { kind: "list", items };
}

export function int32s(values: readonly number[]): FlatVector {
  return { kind: "vector", count: values.length, bytes: bytesOf(Int32Array.from(values)), alignment: 4 };
}

export function int64s(values: readonly number[]): FlatVector {
  return { kind: "vector", count: values.length, bytes: bytesOf(BigInt64Array.from(values, BigInt)), alignment: 8 };
}

export function float32s(values: ArrayLike<number>): FlatVector {
  return { kind: "vector", count: values.length, bytes: bytesOf(Float32Array.from(values)), alignment: 4 };
}

export function bytes(content: Uint8Array, alignment = 1): FlatVector {
  return { kind: "vector", count: content.length, bytes: content, alignment };
}

export function text(value: string): FlatVector {
  const encoded = new TextEncoder().encode(`${value}\0`);
  return { kind: "vector", count: encoded.length - 1, bytes: encoded, alignment: 1 };
}

/** The bytes of a file: its root table, and the four characters that say what it is. */
export function flatbuffer(root: FlatTable, identifier: string): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  const first = out.length;
  out.u32(0).raw(new TextEncoder().encode(identifier));
  out.patchU32(first, place(out, root) - first);
  return out.bytes();
}

/** Writes what was pointed to and gives its place. */
function place(out: ByteWriter, target: FlatTarget): number {
  if (target.kind === "table") return placeTable(out, target);
  if (target.kind === "list") return placeList(out, target);
  const { count, bytes: content, alignment } = target;
  const least = Math.max(4, alignment);
  out.zeros((2 * least - ((out.length + 4) % least)) % least);
  const start = out.length;
  out.u32(count).raw(content);
  return start;
}

function placeList(out: ByteWriter, { items }: FlatList): number {
  out.align(4);
  const start = out.length;
  out.u32(items.length).zeros(4 * items.length);
  for (const [i, item] of items.entries()) {
    const at = start + 4 + 4 * i;
    out.patchU32(at, place(out, item) - at);
  }
  return start;
}

/** The offsets of the fields stand before the table, which begins with the distance back to them. */
function placeTable(out: ByteWriter, { fields }: FlatTable): number {
  const offsets: number[] = [];
  let size = 4;
  for (const field of fields) {
    const length = field === undefined ? 0 : field.kind === "number" ? field.bytes.length : 4;
    if (length > 0) size = Math.ceil(size / length) * length;
    offsets.push(length === 0 ? 0 : size);
    size += length;
  }
  out.align(4);
  const before = out.length;
  out.u16(4 + 2 * fields.length).u16(size);
  for (const offset of offsets) out.u16(offset);
  out.align(4);
  const start = out.length;
  out.u32(start - before);
  const targets: (readonly [at: number, target: FlatTarget])[] = [];
  for (const [i, field] of fields.entries()) {
    if (field === undefined) continue;
    const at = start + (offsets[i] ?? 0);
    out.zeros(at - out.length);
    if (field.kind === "number") out.raw(field.bytes);
    else {
      out.u32(0);
      targets.push([at, field]);
    }
  }
  for (const [at, target] of targets) out.patchU32(at, place(out, target) - at);
  return start;
}
