/**
 * The bytes of an HDF5 file, read with every offset checked and with a budget: whatever a hostile file points at, and
 * however often, reading it ends soon and allocates no more than the file holds.
 */
import { MobileNetV2Error } from "../../core/errors.ts";
import { formatError } from "../file-errors.ts";

/** The most structures that any file may make us look at: some ten thousand objects with their attributes. Larger files may have more. */
const MAX_STEPS = 400_000;
const BYTES_OF_A_STEP = 16;
const MAX_MORE_STEPS = 4_000_000;
/** The number of bytes of a text that count as one step. */
const TEXT_STEP = 32;

export class Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Widths of addresses and of lengths; the superblock names them. */
  offsetSize = 8;
  lengthSize = 8;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #maxSteps: number;
  /** The bytes that were made of the file's so far: unpacked ones, or fill values. */
  unpacked = 0;
  #steps = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#maxSteps = MAX_STEPS + Math.min(MAX_MORE_STEPS, bytes.length / BYTES_OF_A_STEP);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Counts work. @throws LimitError if the file makes us do more than any real one does. */
  spend(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > this.#maxSteps) {
      throw new MobileNetV2Error(
        "LimitError",
        "The HDF5 file has too many structures, or they point at one another without end.",
      );
    }
  }

  /** Reads from `start` for at most `size` bytes, which must lie in the file; `what` is named in errors. */
  cursor(start: number, size: number, what: string): Cursor {
    this.spend();
    if (start + size > this.bytes.length) {
      throw formatError(
        `The HDF5 file is broken: ${what} would lie at ${start} to ${start + size}, but the file has ${this.bytes.length} bytes.`,
      );
    }
    return new Cursor(this, start, start + size, what);
  }

  /** Reads from `start` to the end of the file. */
  from(start: number, what: string): Cursor {
    return this.cursor(start, Math.max(0, this.bytes.length - start), what);
  }

  /** The UTF-8 text up to `end` or to the first NUL. */
  text(start: number, end: number): string {
    const span = this.bytes.subarray(start, end);
    const nul = span.indexOf(0);
    const text = nul < 0 ? span : span.subarray(0, nul);
    this.spend(1 + Math.floor(text.length / TEXT_STEP));
    try {
      return this.#decoder.decode(text);
    } catch (error) {
      throw formatError(`The HDF5 file is broken: a name at ${start} is not UTF-8.`, { cause: error });
    }
  }
}

/** A position that moves on, and never past its end. */
export class Cursor {
  position: number;
  readonly end: number;
  readonly source: Source;
  readonly what: string;

  constructor(source: Source, start: number, end: number, what: string) {
    this.source = source;
    this.position = start;
    this.end = end;
    this.what = what;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Steps over `size` bytes and gives the place where they start. */
  skip(size: number): number {
    const start = this.position;
    if (size > this.end - start) {
      throw formatError(`The HDF5 file is broken: ${this.what} ends in the middle, at ${this.end}.`);
    }
    this.position += size;
    return start;
  }

  u8(): number {
    return this.source.view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.source.view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.source.view.getUint32(this.skip(4), true);
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. @throws FormatError from 2^53. */
  uint(size: number): number {
    if (size === 1) return this.u8();
    if (size === 2) return this.u16();
    if (size === 4) return this.u32();
    const low = this.u32();
    const high = this.u32();
    if (high >= 2 ** 21) throw formatError(`The HDF5 file is broken: ${this.what} has a length of 2^53 or more.`);
    return high * 2 ** 32 + low;
  }

  length(): number {
    return this.uint(this.source.lengthSize);
  }

  /** An address in the file; undefined if all bits are set, which stands for nothing. */
  address(): number | undefined {
    const size = this.source.offsetSize;
    const start = this.skip(size);
    const { bytes } = this.source;
    for (let i = start; i < start + size; i++) {
      if (bytes[i] !== 0xff) {
        this.position = start;
        return this.uint(size);
      }
    }
    return undefined;
  }

  /** An address. @throws FormatError if it stands for nothing. */
  requiredAddress(): number {
    const address = this.address();
    if (address === undefined) throw formatError(`The HDF5 file is broken: ${this.what} points at nothing.`);
    return address;
  }

  /** Steps over the four letters that name a structure. @throws FormatError if they are others. */
  signature(expected: string): void {
    const start = this.skip(4);
    for (let i = 0; i < 4; i++) {
      if (this.source.bytes[start + i] !== expected.charCodeAt(i)) {
        throw formatError(`The HDF5 file is broken: ${this.what} should be at ${start}, and is not.`);
      }
    }
  }

  version(...known: readonly number[]): number {
    const version = this.u8();
    if (!known.includes(version)) {
      throw formatError(
        `The HDF5 file is broken or newer than this reader: ${this.what} has version ${version}. Known: ${known.join(", ")}.`,
      );
    }
    return version;
  }
}
