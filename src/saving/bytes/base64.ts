/** Base64 (RFC 4648, section 4) from the bytes of a text, strictly: no other characters, padding only at the end. */
import { formatError } from "../file-errors.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BAD = 64;
const PADDING = 0x3d;

const VALUES = new Uint8Array(256).fill(BAD);
for (let i = 0; i < BAD; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** @throws FormatError where the text is not base64. */
export function decodeBase64(text: Uint8Array): Uint8Array<ArrayBuffer> {
  if (text.length % 4 !== 0) throw notBase64();
  const padding = text.at(-1) !== PADDING ? 0 : text.at(-2) === PADDING ? 2 : 1;
  const end = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let to = 0;
  let bits = 0;
  let seen = 0;
  for (let i = 0; i < end; i++) {
    const value = VALUES[text[i] ?? 0] ?? BAD;
    seen |= value;
    bits = (bits << 6) | value;
    if ((i & 3) === 3) {
      bytes[to++] = bits >> 16;
      bytes[to++] = bits >> 8;
      bytes[to++] = bits;
      bits = 0;
    }
  }
  if ((seen & BAD) !== 0) throw notBase64();
  if (padding > 0) {
    bits <<= 6 * padding;
    bytes[to++] = bits >> 16;
    if (padding === 1) bytes[to] = bits >> 8;
  }
  return bytes;
}

function notBase64(): Error {
  return formatError("The text is not base64.");
}
