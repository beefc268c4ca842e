/** How a safetensors file begins: the length of its header in 8 bytes, then the header's brace, before which its library lets white space stand. */

export const LENGTH_SIZE = 8;
const OPENING_BRACE = 0x7b;
/** JSON's white space. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
/** As much white space as is looked at. */
const MAX_BLANKS = 4096;

/** True if the bytes begin with the length of a header that fits into the file, and with the header's brace. */
export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < LENGTH_SIZE + 2 || !opensWithBrace(bytes)) return false;
  const length = headerLength(bytes);
  return length >= 2n && length <= BigInt(bytes.length - LENGTH_SIZE);
}

/** True if the header's first byte that is no white space is its brace. */
export function opensWithBrace(bytes: Uint8Array): boolean {
  let at = LENGTH_SIZE;
  while (at < LENGTH_SIZE + MAX_BLANKS && BLANKS.has(bytes[at] ?? 0)) at++;
  return bytes[at] === OPENING_BRACE;
}

/** The number in the first 8 bytes. */
export function headerLength(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
}
