/** WebP (RFC 9649): the RIFF chunks. */
import type { Orientation } from "../orient.ts";
import { exifOrientation, xmpOrientation } from "./exif.ts";
import { broken, type Inspected, type InspectOptions, textAt, truncated, viewOf } from "./format.ts";

const [PROFILE_FLAG, EXIF_FLAG, XMP_FLAG] = [0x20, 0x08, 0x04];

export function isWebp(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, 4) === "RIFF" && textAt(bytes, 8, 4) === "WEBP";
}

/** The size in the first ten bytes of a VP8X, VP8L or VP8 chunk. */
function sizeFrom(bytes: Uint8Array, type: string, at: number): readonly [number, number] {
  const view = viewOf(bytes.subarray(at, at + 10));
  if (view.byteLength < (type === "VP8L" ? 5 : 10)) throw truncated("WebP");
  if (type === "VP8X") {
    const uint24 = (offset: number) => view.getUint16(offset, true) + (view.getUint8(offset + 2) << 16);
    return [1 + uint24(4), 1 + uint24(7)];
  }
  if (type === "VP8L") {
    const packed = view.getUint32(1, true);
    return [1 + (packed & 0x3fff), 1 + ((packed >> 14) & 0x3fff)];
  }
  return [view.getUint16(6, true) & 0x3fff, view.getUint16(8, true) & 0x3fff];
}

export function inspectWebp(bytes: Uint8Array, { keepProfile }: InspectOptions): Inspected {
  if (bytes.length < 20) throw truncated("WebP");
  const view = viewOf(bytes);
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) throw truncated("WebP");
  let size: readonly [number, number] | undefined;
  let orientation: Orientation | undefined;
  let xmp: Orientation | undefined;
  const kept: Uint8Array[] = [];
  for (let at = 12; at + 8 <= end;) {
    const type = textAt(bytes, at, 4);
    const length = view.getUint32(at + 4, true);
    const next = at + 8 + length + (length & 1);
    // Many writers forget the padding of the last chunk.
    if (at + 8 + length > end) throw truncated("WebP");
    const chunk = bytes.subarray(at, next);
    if (type === "VP8X") {
      size ??= sizeFrom(bytes, type, at + 8);
      const dropped = EXIF_FLAG | XMP_FLAG | (keepProfile ? 0 : PROFILE_FLAG);
      kept.push(chunk.map((byte, i) => (i === 8 ? byte & ~dropped : byte)));
    } else if (type === "EXIF") {
      orientation = exifOrientation(bytes.subarray(at + 8, at + 8 + length));
    } else if (type === "XMP ") {
      xmp = xmpOrientation(bytes.subarray(at + 8, at + 8 + length));
    } else if (keepProfile || type !== "ICCP") {
      if (type === "VP8 " || type === "VP8L") size ??= sizeFrom(bytes, type, at + 8);
      kept.push(chunk);
    }
    at = next;
  }
  if (size === undefined) throw broken("WebP", "it has no picture in it");
  const head = new Uint8Array(12);
  head.set(bytes.subarray(0, 12));
  viewOf(head).setUint32(4, 4 + kept.reduce((sum, chunk) => sum + chunk.length, 0), true);
  return {
    format: "webp",
    width: size[0],
    height: size[1],
    orientation: orientation ?? xmp ?? 1,
    parts: [head, ...kept],
  };
}
