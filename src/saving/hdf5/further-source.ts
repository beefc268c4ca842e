/** What only files that are not plain ask of their bytes: numbers of other widths, and a limit for what they unpack to. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { formatError } from "../file-errors.ts";
import type { Cursor, Source } from "./source.ts";

/** The most bytes that a file may unpack to beyond twice its own size. */
const MAX_UNPACKED = 2 ** 26;
/** The most bytes of one chunk beyond the size of the file: what it goes through takes several times as much for a while. */
const MAX_CHUNK = 2 ** 24;

/** An unsigned number of any width up to 8 bytes. @throws FormatError for another width, and from 2^53. */
export function uintOf(cursor: Cursor, width: number): number {
  const value = width < 0 || width > 8 ? Infinity : readUint(cursor, width);
  if (value < 2 ** 53) return value;
  throw formatError(`The HDF5 file is broken: ${cursor.what} has a number of ${width} bytes, or one of 2^53 or more.`);
}

/** A length; Infinity if all bits are set, which stands for one without an end. */
export function lengthOrEndless(cursor: Cursor): number {
  const width = cursor.source.lengthSize;
  const value = readUint(cursor, width);
  return value >= 2 ** (8 * width) - 1 ? Infinity : value;
}

function readUint(cursor: Cursor, width: number): number {
  const start = cursor.skip(width);
  let value = 0;
  for (let i = start + width - 1; i >= start; i--) value = value * 256 + (cursor.source.bytes[i] ?? 0);
  return value;
}

/** Counts bytes that do not lie in the file as they are. @throws LimitError if they become many more than those of the file. */
export function countUnpacked(source: Source, size: number): void {
  source.unpacked += size;
  const { length } = source.bytes;
  const atMost = MAX_UNPACKED + 2 * length;
  if (source.unpacked > atMost) {
    throw tooMuch(`The HDF5 file of ${length} bytes unpacks to more than ${atMost} bytes`);
  }
}

/** @throws LimitError for a size of chunks that are packed. */
export function checkPackedChunk(source: Source, size: number): void {
  const { length } = source.bytes;
  const atMost = MAX_CHUNK + length;
  if (size > atMost) throw tooMuch(`The HDF5 file of ${length} bytes has packed chunks of more than ${atMost} bytes`);
}

function tooMuch(what: string): Error {
  return new MobileNetV2Error(
    "LimitError",
    `${what}, which is refused. If you trust it, unpack it with \`h5repack -l CONTI -f NONE in.h5 out.h5\`.`,
  );
}
