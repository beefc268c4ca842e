/** Filters of chunks (HDF5 File Format Specification, IV.A.2.l): undone in reverse order, each bounded by the size of the chunk. */
import { formatError, unsupportedError } from "../../file-errors.ts";
import type { Cursor } from "../source.ts";
import { inflateZlib } from "./inflate.ts";
import { unpackLzf } from "./lzf.ts";
import { unpackNbit, unpackScaleOffset } from "./packed-bits.ts";
import { unpackSzip } from "./szip.ts";

export interface Filter {
  readonly id: number;
  readonly values: readonly number[];
}

/** What one filter left of a chunk becomes what it got, of at most `atMost` bytes; undefined if the bytes are broken. */
type Undo = (bytes: Uint8Array, atMost: number, values: readonly number[]) => Uint8Array | undefined;

const UNDO: ReadonlyMap<number, Undo> = new Map<number, Undo>([
  [1, inflateZlib],
  [2, (bytes, _, [size = 1]) => unshuffled(bytes, size)],
  [3, withoutFletcher32],
  [4, unpackSzip],
  [5, unpackNbit],
  [6, unpackScaleOffset],
  [32000, unpackLzf],
]);

const NAMES: ReadonlyMap<number, string> = new Map([
  [305, "LZO"],
  [307, "bzip2"],
  [32001, "Blosc"],
  [32004, "LZ4"],
  [32008, "bitshuffle"],
  [32013, "ZFP"],
  [32015, "Zstandard"],
  [32026, "Blosc2"],
]);

/** The filters in the order in which they were applied. */
export function readFilters(message: Cursor): readonly Filter[] {
  const version = message.version(1, 2);
  const count = message.u8();
  if (version === 1) message.skip(6);
  return Array.from({ length: count }, () => {
    const id = message.u16();
    const nameSize = version === 1 || id >= 256 ? message.u16() : 0;
    message.skip(2);
    const valueCount = message.u16();
    message.skip(version === 1 ? Math.ceil(nameSize / 8) * 8 : nameSize);
    const values = Array.from({ length: valueCount }, () => message.u32());
    if (version === 1 && valueCount % 2 === 1) message.skip(4);
    return { id, values };
  });
}

/** @throws UnsupportedError that names a filter that is not undone here. */
export function checkFilters(filters: readonly Filter[], path: string): void {
  for (const { id } of filters) {
    if (UNDO.has(id)) continue;
    throw unsupportedError(
      `HDF5 dataset '${path}' is packed by filter ${NAMES.get(id) ?? `number ${id}`}, which is not read. Read: gzip, shuffle, ` +
        "fletcher32, lzf, szip, nbit, scaleoffset. Unpack the file with `h5repack -f NONE in.h5 out.h5`, or save it again from Keras.",
    );
  }
}

/**
 * The bytes of a chunk as they were before its filters.
 * @param mask says by its bits which of the filters were left out
 * @param size the size of the whole chunk
 */
export function unfiltered(
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  size: number,
  path: string,
): Uint8Array {
  let bytes = stored;
  for (const [i, { id, values }] of [...filters.entries()].toReversed()) {
    if (i < 32 && ((mask >>> i) & 1) === 1) continue;
    const undone = UNDO.get(id)?.(bytes, packedAtMost(size), values);
    if (undone === undefined) {
      throw formatError(`The HDF5 file is broken: a chunk of dataset '${path}' cannot be unpacked.`);
    }
    bytes = undone;
  }
  if (bytes.length === size) return bytes;
  throw formatError(
    `The HDF5 file is broken: a chunk of dataset '${path}' has ${bytes.length} bytes; its shape takes ${size}.`,
  );
}

/** What is between two filters may be a little larger than the chunk: by a checksum, or where it could not be packed. */
function packedAtMost(size: number): number {
  return Math.ceil(size * 1.01) + 1024;
}

/** The bytes as they were before the first bytes of all elements, then the second ones, … were put together; a rest stays where it is. */
function unshuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  if (size <= 1 || count <= 1) return bytes;
  const out = new Uint8Array(bytes);
  for (let part = 0; part < size; part++) {
    const from = part * count;
    for (let i = 0, to = part; i < count; i++, to += size) out[to] = bytes[from + i] ?? 0;
  }
  return out;
}

/** Without the checksum at the end; undefined if it is another than that of the bytes. */
function withoutFletcher32(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < 4) return undefined;
  const data = bytes.subarray(0, -4);
  let [first, second] = [0, 0];
  for (let i = 0; i < data.length; i += 2) {
    first = (first + (data[i] ?? 0) * 256 + (data[i + 1] ?? 0)) % 65535;
    second = (second + first) % 65535;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + data.length, 4);
  // Sums of 65535 and of 0 are the same; the library writes either.
  const same = view.getUint16(0, true) % 65535 === first && view.getUint16(2, true) % 65535 === second;
  return same ? data : undefined;
}
