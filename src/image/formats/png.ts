/** PNG (ISO/IEC 15948, and its third edition's eXIf): the chunks up to IEND. */
import type { Orientation } from "../orient.ts";
import { exifOrientation, xmpOrientation } from "./exif.ts";
import { broken, type Inspected, type InspectOptions, textAt, truncated, viewOf } from "./format.ts";

const SIGNATURE = "\x89PNG\r\n\x1a\n";
/** The beginning of an iTXt chunk with an XMP packet that is not compressed. */
const XMP = "XML:com.adobe.xmp\0\0";
const PROFILE_CHUNKS = new Set(["iCCP", "sRGB", "gAMA", "cHRM", "cICP"]);

export function isPng(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, 8) === SIGNATURE;
}

export function inspectPng(bytes: Uint8Array, { keepProfile, keepAlpha }: InspectOptions): Inspected {
  const view = viewOf(bytes);
  if (bytes.length < 33) throw truncated("PNG");
  if (view.getUint32(8) !== 13 || textAt(bytes, 12, 4) !== "IHDR") throw broken("PNG", "it does not begin with IHDR");
  const parts = [bytes.subarray(0, 8)];
  let orientation: Orientation | undefined;
  let xmp: Orientation | undefined;
  let data = false;
  for (let at = 8, type = ""; type !== "IEND";) {
    if (at + 12 > bytes.length) throw truncated("PNG");
    const length = view.getUint32(at);
    type = textAt(bytes, at + 4, 4);
    const end = at + 12 + length;
    if (end > bytes.length) throw truncated("PNG");
    const content = bytes.subarray(at + 8, end - 4);
    if (type === "eXIf") orientation = exifOrientation(content);
    if (type === "iTXt" && textAt(content, 0, XMP.length) === XMP) xmp = xmpOrientation(content);
    data ||= type === "IDAT";
    // A capital letter marks a chunk that every decoder must understand.
    const critical = /^[A-Z]/.test(type);
    const wanted = critical || (keepAlpha && type === "tRNS") || (keepProfile && PROFILE_CHUNKS.has(type));
    if (wanted) parts.push(bytes.subarray(at, end));
    at = end;
  }
  if (!data) throw broken("PNG", "it has no picture in it");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  return { format: "png", width, height, orientation: orientation ?? xmp ?? 1, parts };
}
