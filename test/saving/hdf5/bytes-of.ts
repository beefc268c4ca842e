/** Parts of HDF5 files that tests write by hand, little-endian with addresses and lengths of 8 bytes. */
import type { Message } from "../../../src/saving/hdf5/object-header.ts";
import { type Cursor, Source } from "../../../src/saving/hdf5/source.ts";
import { hex } from "../hex.ts";

/** A cursor over all of the bytes. */
export function cursorOver(digits: string): Cursor {
  const bytes = hex(digits);
  return new Source(bytes).cursor(0, bytes.length, "it");
}

/** A message of an object header with this body, in a file of its own. */
export function messageOf(type: number, digits: string, shared = false): Message {
  return { type, shared, open: () => cursorOver(digits) };
}

/** A number of 8 bytes, in hexadecimal digits. */
export function u64(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.toString("hex");
}
