/**
 * Sorted tables of keys and values, which TensorFlow's checkpoints have their index in: the format of LevelDB's tables
 * (github.com/google/leveldb, doc/table_format.md; tensorflow/core/lib/io/table).
 */
import { MobileNetV2Error } from "../../core/errors.ts";
import { checksum } from "../bytes/crc32.ts";
import { formatError, unsupportedError } from "../file-errors.ts";

/** Two handles, padding, and the magic number. */
const FOOTER_BYTES = 48;
const HANDLES_BYTES = 40;
/** The type of the compression, and a checksum. */
const TRAILER_BYTES = 5;
const COMPRESSIONS = ["none", "snappy", "zstd"];
const CRC_MASK = 0xa282ead8;
/** More than any checkpoint has tensors. */
const MAX_ENTRIES = 50_000;
const MAX_KEY = 2000;

const crc32c = checksum(0x82f63b78);

/** Where a block lies in the file. */
interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** The entries in the order of the table. @throws FormatError, LimitError; UnsupportedError if it is compressed. */
export function readTable(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  if (bytes.length < FOOTER_BYTES) throw broken("it is shorter than its footer");
  const footer = new BlockReader(
    bytes.subarray(bytes.length - FOOTER_BYTES, bytes.length - FOOTER_BYTES + HANDLES_BYTES),
  );
  // The first handle is that of a block of statistics.
  handleIn(footer);
  const entries = new Map<string, Uint8Array>();
  for (const [, handle] of entriesOf(blockAt(bytes, handleIn(footer)))) {
    for (const [key, value] of entriesOf(blockAt(bytes, handleIn(new BlockReader(handle))))) {
      if (entries.size === MAX_ENTRIES) {
        throw new MobileNetV2Error("LimitError", `The checkpoint has more than ${MAX_ENTRIES} tensors.`);
      }
      if (entries.has(key)) throw broken(`it has two entries '${key.slice(0, 200)}'`);
      entries.set(key, value);
    }
  }
  return entries;
}

function broken(problem: string): Error {
  return formatError(`The index of the TensorFlow checkpoint is truncated or broken: ${problem}.`);
}

/** The content of a block, held against its checksum. */
function blockAt(bytes: Uint8Array, { offset, size }: Handle): Uint8Array {
  if (offset + size + TRAILER_BYTES > bytes.length) throw broken("a block lies outside the file");
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + offset + size, TRAILER_BYTES);
  const type = trailer.getUint8(0);
  const masked = (trailer.getUint32(1, true) - CRC_MASK) >>> 0;
  if (crc32c(bytes.subarray(offset, offset + size + 1)) !== ((masked << 15) | (masked >>> 17)) >>> 0) {
    throw broken("a block does not have its checksum. Download or copy the file again");
  }
  if (type === 0) return bytes.subarray(offset, offset + size);
  throw unsupportedError(
    `The index of the TensorFlow checkpoint is compressed (${COMPRESSIONS[type] ?? `type ${type}`}), which is not read. ` +
      "Write it again with `tf.train.Checkpoint`.",
  );
}

/** A number, or bytes, one after the other. */
class BlockReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 56; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw broken("a number is cut off");
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) {
        if (Number.isSafeInteger(value)) return value;
        break;
      }
    }
    throw broken("a number is too large");
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw broken("an entry is longer than its block");
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, start + length);
  }
}

function handleIn(reader: BlockReader): Handle {
  return { offset: reader.varint(), size: reader.varint() };
}

/** The entries of a block: each key has its first bytes in common with the one before. */
function* entriesOf(block: Uint8Array): Generator<readonly [string, Uint8Array]> {
  if (block.length < 4) throw broken("a block is too short");
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4, 4).getUint32(0, true);
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw broken("a block has more restarts than bytes");
  const reader = new BlockReader(block.subarray(0, end));
  let key = new Uint8Array();
  while (!reader.isAtEnd) {
    const [shared, own, length] = [reader.varint(), reader.varint(), reader.varint()];
    if (shared > key.length || shared + own > MAX_KEY) throw broken("a name has no such beginning, or is too long");
    const next = new Uint8Array(shared + own);
    next.set(key.subarray(0, shared));
    next.set(reader.take(own), shared);
    key = next;
    yield [new TextDecoder().decode(key), reader.take(length)];
  }
}
