/** How a safetensors file begins: the length of its header in 8 bytes, then the header's brace. */

export const LENGTH_SIZE = 8;
export const OPENING_BRACE = 0x7b;

/** True if the bytes begin with the length of a header that fits into the file, and with the header's brace. */
export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < LENGTH_SIZE + 2 || bytes[LENGTH_SIZE] !== OPENING_BRACE) return false;
  const length = headerLength(bytes);
  return length >= 2n && length <= BigInt(bytes.length - LENGTH_SIZE);
}

/** The number in the first 8 bytes. */
export function headerLength(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
}
