/** The head of an HDF5 file (HDF5 File Format Specification 3.0, II.A): versions 0 to 3. */
import { formatError, unsupportedError } from "../file-errors.ts";
import { isZip } from "../zip/zip.ts";
import type { Source } from "./source.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** The size of the smallest user block: what a program put in front of the file. Larger ones double. */
const FIRST_USER_BLOCK = 512;

/** Where an HDF5 file begins: in front, or behind a user block; undefined if the bytes are none. */
export function signatureAt(bytes: Uint8Array): number | undefined {
  for (let at = 0; at < bytes.length; at = Math.max(FIRST_USER_BLOCK, 2 * at)) {
    if (SIGNATURE.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return undefined;
}

/** True for an HDF5 file. A zip archive with one in it is none. */
export function isHdf5(bytes: Uint8Array): boolean {
  return signatureAt(bytes) !== undefined && !isZip(bytes);
}

/** Reads the superblock, sets the widths of `source`, and gives the address of the root group's object header. */
export function readSuperblock(source: Source): number {
  if (signatureAt(source.bytes) !== 0) {
    throw formatError("Not an HDF5 file: the HDF5 signature is neither at its beginning nor behind a user block.");
  }
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
    cursor.length();
  }
  const root = cursor.requiredAddress();
  // Addresses count from the signature, whatever the file says of its user block, which may have been added or taken away.
  if (end - base > source.bytes.length) {
    throw formatError(
      `The HDF5 file is truncated: it has ${source.bytes.length} of ${end - base} bytes. Download or copy it again.`,
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
