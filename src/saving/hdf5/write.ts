/**
 * Writes HDF5 as h5py does by default (HDF5 File Format Specification 3.0): superblock 0, object headers 1, groups as symbol tables,
 * datasets of float32 or int64 in one piece. Every HDF5 library of the last twenty years reads it.
 */
import type { Tensor } from "../../core/tensor.ts";
import { MobileNetV2Error } from "../../core/errors.ts";
import { ByteWriter } from "../bytes/byte-writer.ts";

/** A text of any length, or a list of short ones. */
export type AttributeValue = string | readonly string[];

export class GroupSpec {
  readonly attributes = new Map<string, AttributeValue>();
  readonly members = new Map<string, GroupSpec | Tensor>();

  /** The group of that name in this one; it is made if it is not there. */
  group(name: string): GroupSpec {
    const present = this.members.get(name);
    if (present instanceof GroupSpec) return present;
    const made = new GroupSpec();
    this.members.set(name, made);
    return made;
  }

  /** The group at a path of names; it is made if it is not there. */
  groupAt(path: string): GroupSpec {
    // oxlint-disable-next-line typescript/no-this-alias
    let group: GroupSpec = this;
    for (const name of path.split("/")) group = group.group(name);
    return group;
  }
}

/** The most bytes of an attribute's value: it is one message of an object header with the name, and messages have at most 64 kB. */
export const MAX_ATTRIBUTE_BYTES = 64512;

/** The size of the library's smallest heap, and a number of texts that a heap can surely tell apart. */
const MIN_HEAP_BYTES = 4096;
const MAX_HEAP_TEXTS = 60_000;

const UNDEFINED = new Uint8Array(8).fill(0xff);
const ROOT_HEADER_AT = 64;
const END_AT = 40;
/** The library's own defaults: half the entries of a symbol table node, half the children of a tree's node. */
const LEAF_K = 4;
const INTERNAL_K = 16;

/** The bytes of a whole file. */
export function writeHdf5(root: GroupSpec): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(sizeEstimate(root));
  out.raw(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a));
  out.zeros(5).u8(8).u8(8).u8(0);
  out.u16(LEAF_K).u16(INTERNAL_K).u32(0);
  out.u64(0).raw(UNDEFINED).u64(0).raw(UNDEFINED);
  // The root's symbol table entry.
  out.u64(0).u64(0).u32(0).zeros(20);
  const address = new Writer(out, new TextHeap(out, textsOf(root))).group(root);
  out.patchU64(ROOT_HEADER_AT, address);
  out.align(8);
  out.patchU64(END_AT, out.length);
  return out.bytes();
}

function sizeEstimate(group: GroupSpec): number {
  let size = 2048;
  for (const member of group.members.values()) {
    size += member instanceof GroupSpec ? sizeEstimate(member) : member.data.byteLength + 256;
  }
  for (const value of group.attributes.values()) size += typeof value === "string" ? 3 * value.length + 64 : 1024;
  return size;
}

type Message = readonly [type: number, body: Uint8Array];

/** All texts of a tree that have any length. */
function* textsOf(group: GroupSpec): Generator<string> {
  for (const value of group.attributes.values()) if (typeof value === "string") yield value;
  for (const member of group.members.values()) if (member instanceof GroupSpec) yield* textsOf(member);
}

/** Texts of any length, each written once into global heaps and named by its heap and a number in it. */
class TextHeap {
  readonly #places = new Map<string, Uint8Array>();

  constructor(out: ByteWriter, texts: Iterable<string>) {
    const encoder = new TextEncoder();
    for (const part of chunks([...new Set(texts)], MAX_HEAP_TEXTS)) {
      if (part.length === 0) continue;
      const encoded = part.map((text) => encoder.encode(text));
      const used = encoded.reduce((sum, { length }) => sum + 16 + Math.ceil(length / 8) * 8, 16);
      const size = Math.max(MIN_HEAP_BYTES, used + 16);
      out.align(8);
      const address = out.length;
      out.raw(encoder.encode("GCOL")).u8(1).zeros(3).u64(size);
      for (const [i, bytes] of encoded.entries()) {
        out
          .u16(i + 1)
          .u16(1)
          .u32(0)
          .u64(bytes.length)
          .raw(bytes)
          .align(8);
        const place = new ByteWriter(16)
          .u32(bytes.length)
          .u64(address)
          .u32(i + 1);
        this.#places.set(part[i] ?? "", place.bytes());
      }
      // Object 0 is the free rest.
      out
        .zeros(8)
        .u64(size - used)
        .zeros(size - used - 16);
    }
  }

  placeOf(text: string): Uint8Array {
    return this.#places.get(text) ?? new Uint8Array(16);
  }
}

class Writer {
  readonly #out: ByteWriter;
  readonly #texts: TextHeap;

  constructor(out: ByteWriter, texts: TextHeap) {
    this.#out = out;
    this.#texts = texts;
  }

  /** Writes a group after its members, whose addresses it needs; gives the address of its object header. */
  group(group: GroupSpec): number {
    const out = this.#out;
    const encoder = new TextEncoder();
    const members = [...group.members]
      .map(([name, member]) => ({ name: encoder.encode(name), member }))
      .toSorted((a, b) => compareBytes(a.name, b.name))
      .map(({ name, member }) => ({
        name,
        header: member instanceof GroupSpec ? this.group(member) : writeDataset(out, member),
      }));
    const heap = new ByteWriter(64).zeros(8);
    const entries = members.map(({ name, header }) => {
      const nameAt = heap.length;
      heap.raw(name).u8(0).align(8);
      return { nameAt, header };
    });
    const tree = writeTree(out, entries);
    out.align(8);
    const heapAt = out.length;
    // There is no free space in it, which the library says with a 1.
    out
      .raw(encoder.encode("HEAP"))
      .zeros(4)
      .u64(heap.length)
      .u64(1)
      .u64(heapAt + 32)
      .raw(heap.bytes());
    const messages: Message[] = [[0x11, new ByteWriter(16).u64(tree).u64(heapAt).bytes()]];
    for (const [name, value] of group.attributes) {
      const encoded =
        typeof value === "string"
          ? { type: LONG_TEXT, space: dataspace([]), data: this.#texts.placeOf(value) }
          : shortTexts(value.map((text) => encoder.encode(text)));
      messages.push([0x0c, attribute(name, encoded)]);
    }
    return writeHeader(out, messages);
  }
}

interface Entry {
  readonly nameAt: number;
  readonly header: number;
}

/** A child of a tree's node, with the place of the last name in it. */
interface Child {
  readonly address: number;
  readonly lastName: number;
}

/** Writes symbol table nodes, and over them a tree of as many levels as it takes; gives the address of its root. */
function writeTree(out: ByteWriter, entries: readonly Entry[]): number {
  const encoder = new TextEncoder();
  let children: Child[] = [];
  for (const part of chunks(entries, 2 * LEAF_K)) {
    out.align(8);
    children.push({ address: out.length, lastName: part.at(-1)?.nameAt ?? 0 });
    out.raw(encoder.encode("SNOD")).u8(1).u8(0).u16(part.length);
    for (const { nameAt, header } of part) out.u64(nameAt).u64(header).zeros(24);
    out.zeros((2 * LEAF_K - part.length) * 40);
  }
  const nodeSize = 24 + 8 * (4 * INTERNAL_K + 1);
  for (let level = 0; ; level++) {
    out.align(8);
    const first = out.length;
    const parts = chunks(children, 2 * INTERNAL_K);
    let lastName = 0;
    for (const [i, part] of parts.entries()) {
      out.raw(encoder.encode("TREE")).u8(0).u8(level).u16(part.length);
      if (i > 0) out.u64(first + (i - 1) * nodeSize);
      else out.raw(UNDEFINED);
      if (i + 1 < parts.length) out.u64(first + (i + 1) * nodeSize);
      else out.raw(UNDEFINED);
      out.u64(lastName);
      for (const child of part) {
        out.u64(child.address).u64(child.lastName);
        ({ lastName } = child);
      }
      out.zeros((2 * INTERNAL_K - part.length) * 16);
    }
    if (parts.length === 1) return first;
    children = parts.map((part, i) => ({ address: first + i * nodeSize, lastName: part.at(-1)?.lastName ?? 0 }));
  }
}

/** The items in parts of at most `size`; for no items one empty part. */
function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let i = 0; i === 0 || i < items.length; i += size) parts.push(items.slice(i, i + size));
  return parts;
}

function writeDataset(out: ByteWriter, { data, shape }: Tensor): number {
  out.align(8);
  const address = out.length;
  // Keras's counts are integers of 64 bits. TypedArrays are little-endian wherever WebAssembly runs.
  const stored = data instanceof Float32Array ? data : BigInt64Array.from(data, BigInt);
  out.raw(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
  return writeHeader(out, [
    [0x01, dataspace(shape)],
    [0x03, stored === data ? FLOAT32 : INT64],
    // Space is taken late, and nothing is filled in.
    [0x05, Uint8Array.of(2, 2, 2, 0)],
    [0x08, new ByteWriter(18).u8(3).u8(1).u64(address).u64(stored.byteLength).bytes()],
  ]);
}

function writeHeader(out: ByteWriter, messages: readonly Message[]): number {
  out.align(8);
  const address = out.length;
  const padded = ([, body]: Message): number => Math.ceil(body.length / 8) * 8;
  const size = messages.reduce((sum, message) => sum + 8 + padded(message), 0);
  out.u8(1).u8(0).u16(messages.length).u32(1).u32(size).zeros(4);
  for (const message of messages) {
    const [type, body] = message;
    out
      .u16(type)
      .u16(padded(message))
      .u8(0)
      .zeros(3)
      .raw(body)
      .zeros(padded(message) - body.length);
  }
  return address;
}

function dataspace(shape: readonly number[]): Uint8Array {
  const body = new ByteWriter(8 + 8 * shape.length).u8(1).u8(shape.length).zeros(6);
  for (const axis of shape) body.u64(axis);
  return body.bytes();
}

/** The datatype of IEEE 754 floats of 32 bits, little-endian. */
const FLOAT32 = new ByteWriter(24)
  .u8(0x11)
  .raw(Uint8Array.of(0x20, 31, 0))
  .u32(4)
  .u16(0)
  .u16(32)
  .raw(Uint8Array.of(23, 8, 0, 23))
  .u32(127)
  .bytes();

/** The datatype of signed integers of 64 bits, little-endian. */
const INT64 = new ByteWriter(16)
  .u8(0x10)
  .raw(Uint8Array.of(0x08, 0, 0))
  .u32(8)
  .u16(0)
  .u16(64)
  .bytes();

/** The datatype of UTF-8 texts of any length, which lie in a global heap. */
const LONG_TEXT = new ByteWriter(24)
  .u8(0x19)
  .raw(Uint8Array.of(0x01, 0x01, 0))
  .u32(16)
  .u8(0x10)
  .zeros(3)
  .u32(1)
  .u16(0)
  .u16(8)
  .bytes();

function attribute(name: string, { type, space, data }: EncodedValue): Uint8Array {
  if (data.length > MAX_ATTRIBUTE_BYTES) {
    throw new MobileNetV2Error(
      "LimitError",
      `HDF5 attribute '${name}' takes ${data.length} bytes; it can have ${MAX_ATTRIBUTE_BYTES}.`,
    );
  }
  const nameBytes = new TextEncoder().encode(`${name}\0`);
  const body = new ByteWriter(64).u8(1).u8(0).u16(nameBytes.length).u16(type.length).u16(space.length);
  for (const part of [nameBytes, type, space]) body.raw(part).align(8);
  return body.raw(data).bytes();
}

interface EncodedValue {
  readonly type: Uint8Array;
  readonly space: Uint8Array;
  readonly data: Uint8Array;
}

/** Texts that all take as many bytes as the longest, filled up with NULs. */
function shortTexts(texts: readonly Uint8Array[]): EncodedValue {
  const size = Math.max(1, ...texts.map(({ length }) => length));
  const data = new ByteWriter(size * texts.length);
  for (const text of texts) data.raw(text).zeros(size - text.length);
  return {
    type: new ByteWriter(8)
      .u8(0x13)
      .raw(Uint8Array.of(0x01, 0, 0))
      .u32(size)
      .bytes(),
    space: dataspace([texts.length]),
    data: data.bytes(),
  };
}

/** Compares names byte by byte, as C's strcmp does, which is the order of a group's members. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
