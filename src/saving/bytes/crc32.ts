/**
 * Checksums of 32 bits, eight bytes at a time (Kounavis and Berry 2008): CRC-32 as zip archives have it (ISO 3309), and CRC-32C, the
 * Castagnoli polynomial's, as TensorFlow's checkpoints have it (RFC 3720).
 */

/** A checksum by its polynomial, the lowest bit first. */
export function checksum(polynomial: number): (bytes: Uint8Array) => number {
  const table = tableOf(polynomial);
  return (bytes) => over(bytes, table);
}

/** The checksum of zip archives; it takes about a millisecond a megabyte. */
export const crc32 = checksum(0xedb88320);

/** Row n says what each byte, with n bytes of 0 behind it, makes of the checksum. */
function tableOf(polynomial: number): Uint32Array {
  const table = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : polynomial ^ (crc >>> 1);
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256] ?? 0;
    table[at] = (before >>> 8) ^ (table[before & 255] ?? 0);
  }
  return table;
}

function over(bytes: Uint8Array, table: Uint32Array): number {
  const byte = (at: number): number => bytes[at] ?? 0;
  const part = (row: number, value: number): number => table[row * 256 + (value & 255)] ?? 0;
  let crc = 0xffffffff;
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const first = crc ^ (byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24));
    crc =
      part(7, first) ^
      part(6, first >>> 8) ^
      part(5, first >>> 16) ^
      part(4, first >>> 24) ^
      part(3, byte(at + 4)) ^
      part(2, byte(at + 5)) ^
      part(1, byte(at + 6)) ^
      part(0, byte(at + 7));
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ part(0, crc ^ byte(at));
  return ~crc >>> 0;
}
