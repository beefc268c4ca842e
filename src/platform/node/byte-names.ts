/** Names of files that are not UTF-8, which POSIX allows: as text, each such byte is a lone surrogate, as Python has it (PEP 383). */
import { isUtf8 } from "node:buffer";

/** Bytes that are no part of UTF-8, as text: U+DC80 to U+DCFF without the other half of a pair. */
const ESCAPED_BYTE = /(?<![\uD800-\uDBFF])[\uDC80-\uDCFF]/g;
const REPLACEMENT = "\uFFFD";

/** A name, or other bytes, as text, from which `systemPath` makes the same bytes again. */
export function textOfName(name: Buffer): string {
  const text = name.toString("utf8");
  return !text.includes(REPLACEMENT) || Buffer.from(text).equals(name) ? text : textOfBytes(name);
}

function textOfBytes(bytes: Buffer): string {
  let text = "";
  let from = 0;
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (size === 1 || (at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)))) {
      at += size;
    } else {
      text += bytes.toString("utf8", from, at) + String.fromCharCode(0xdc00 + first);
      from = ++at;
    }
  }
  return text + bytes.toString("utf8", from);
}

/** The path as the functions of `node:fs` take it: bytes if there are some in it that are not UTF-8. */
export function systemPath(path: string): string | Buffer {
  if (process.platform === "win32" || path.isWellFormed()) return path;
  const parts: Buffer[] = [];
  let from = 0;
  for (const { 0: byte, index } of path.matchAll(ESCAPED_BYTE)) {
    parts.push(Buffer.from(path.slice(from, index)), Buffer.of(byte.charCodeAt(0) - 0xdc00));
    from = index + 1;
  }
  return Buffer.concat([...parts, Buffer.from(path.slice(from))]);
}

/** Text for people, with bytes that are not UTF-8 as `\xE9`. */
export function escapedBytes(text: string): string {
  return text.replaceAll(
    ESCAPED_BYTE,
    (byte) => `\\x${(byte.charCodeAt(0) - 0xdc00).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
