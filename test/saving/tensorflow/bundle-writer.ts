/** Writes checkpoints as TensorFlow does (tensor_bundle.proto), with right checksums: what is within may be wrong. */
import { checksum } from "../../../src/saving/bytes/crc32.ts";
import { MessageWriter } from "../../../src/saving/bytes/protobuf.ts";
import type { WrittenFile } from "../../../src/saving/checkpoint.ts";

const crc32c = checksum(0x82f63b78);

export type Entries = readonly (readonly [key: string, value: Uint8Array])[];

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}

/** A block of entries, each key in full but for `shared` first bytes, with its trailer. */
function block(entries: Entries, compression = 0): Uint8Array {
  const bytes: number[] = [];
  let before = "";
  for (const [key, value] of entries) {
    let shared = 0;
    while (shared < key.length && key[shared] === before[shared]) shared++;
    const rest = new TextEncoder().encode(key.slice(shared));
    bytes.push(...varint(shared), ...varint(rest.length), ...varint(value.length), ...rest, ...value);
    before = key;
  }
  bytes.push(0, 0, 0, 0, 1, 0, 0, 0, compression);
  const crc = crc32c(Uint8Array.from(bytes));
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  return Uint8Array.from([...bytes, ...[0, 8, 16, 24].map((shift) => (masked >>> shift) & 255)]);
}

/** A sorted table of one block. */
export function table(entries: Entries, compression = 0): Uint8Array {
  const content = block(entries, compression);
  const nothing = block([]);
  const handle = (offset: number, part: Uint8Array): Uint8Array =>
    Uint8Array.from([...varint(offset), ...varint(part.length - 5)]);
  const index = block([[`${entries.at(-1)?.[0] ?? ""}~`, handle(0, content)]]);
  const handles = [...handle(content.length, nothing), ...handle(content.length + nothing.length, index)];
  const footer = new Uint8Array(48);
  footer.set(handles);
  footer.set([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], 40);
  return new Uint8Array(Buffer.concat([content, nothing, index, footer]));
}

export interface Written {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The header of a checkpoint with this many files of values. */
export function header(shards = 1): Uint8Array {
  return new MessageWriter().integer(1, shards).toBytes();
}

/** A message of an entry: of float32 if no other type is given. */
export function entry(shape: readonly number[], offset: number, size: number, type = 1): MessageWriter {
  const dims = new MessageWriter();
  for (const axis of shape) dims.message(2, new MessageWriter().integer(1, axis));
  return new MessageWriter().integer(1, type).message(2, dims).integer(4, offset).integer(5, size);
}

/** The index and the values of a checkpoint. */
export function bundle(name: string, tensors: ReadonlyMap<string, Written>): readonly WrittenFile[] {
  let offset = 0;
  const parts: Uint8Array[] = [];
  const entries: [string, Uint8Array][] = [["", header()]];
  for (const [key, { shape, values }] of [...tensors].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    entries.push([key, entry(shape, offset, values.byteLength).toBytes()]);
    parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    offset += values.byteLength;
  }
  return [
    { name: `${name}.index`, bytes: table(entries) },
    { name: `${name}.data-00000-of-00001`, bytes: new Uint8Array(Buffer.concat(parts)) },
  ];
}
