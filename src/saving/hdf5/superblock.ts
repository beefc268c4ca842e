/** The head of an HDF5 file (HDF5 File Format Specification 3.0, II.A): versions 0 to 3. */
import { formatError, unsupportedError } from "../file-errors.ts";
import type { Source } from "./source.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** True if the bytes begin as an HDF5 file does. */
export function isHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** Reads the superblock, sets the widths of `source`, and gives the address of the root group's object header. */
export function readSuperblock(source: Source): number {
  if (!isHdf5(source.bytes)) throw formatError("Not an HDF5 file: it does not begin with the HDF5 signature.");
  const cursor = source.from(SIGNATURE.length, "the superblock");
  const version = cursor.version(0, 1, 2, 3);
  if (version < 2) cursor.skip(4);
  source.offsetSize = width(cursor.u8());
  source.lengthSize = width(cursor.u8());
  if (version < 2) cursor.skip(version === 0 ? 9 : 13);
  else cursor.skip(1);
  const base = cursor.requiredAddress();
  cursor.address();
  const end = cursor.requiredAddress();
  if (version < 2) {
    // The driver's information, then the root's symbol table entry, which begins with the offset of a name.
    if (cursor.address() !== undefined) throw unsupportedError("HDF5 files made of several files are not read.");
    cursor.address();
  }
  const root = cursor.requiredAddress();
  if (base !== 0) throw unsupportedError("HDF5 files that begin with a user block are not read.");
  if (end > source.bytes.length) {
    throw formatError(
      `The HDF5 file is truncated: it has ${source.bytes.length} of ${end} bytes. Download or copy it again.`,
    );
  }
  return root;
}

function width(size: number): number {
  if (size !== 2 && size !== 4 && size !== 8) {
    throw formatError(`The HDF5 file is broken: addresses of ${size} bytes.`);
  }
  return size;
}
