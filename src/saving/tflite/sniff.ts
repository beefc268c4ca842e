/** How a TFLite file begins: the offset of its root table, then the file identifier of its schema, `TFL3`. */

const IDENTIFIER = 0x334c4654;

export function isTflite({ buffer, byteOffset, length }: Uint8Array): boolean {
  return length >= 8 && new DataView(buffer, byteOffset).getUint32(4, true) === IDENTIFIER;
}
