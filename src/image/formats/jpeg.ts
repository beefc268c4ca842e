/** JPEG (ITU-T T.81): the segments from the start of the image to its end. */
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Orientation } from "../orient.ts";
import { exifOrientation, xmpOrientation } from "./exif.ts";
import { broken, type Inspected, type InspectOptions, textAt, truncated, unsupported, viewOf } from "./format.ts";

/** The limit of libvips. Every scan costs a pass over the whole picture. */
const MAX_SCANS = 100;

const SOF0 = 0xc0;
const SOF15 = 0xcf;
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const NOT_FRAMES = new Set([0xc4, 0xc8, 0xcc]);
/** Baseline, extended and progressive frames; the last two also with arithmetic coding. */
const READ_FRAMES = new Set([0xc0, 0xc1, 0xc2, 0xc9, 0xca]);
const [RST0, RST7, SOI, EOI, SOS, APP0, APP1, APP2, APP14, APP15, COM, TEM] = [
  0xd0, 0xd7, 0xd8, 0xd9, 0xda, 0xe0, 0xe1, 0xe2, 0xee, 0xef, 0xfe, 0x01,
];

/** A segment which says that the four components are inverted CMYK, as all programs write them whether or not they say so. */
const ADOBE_CMYK = Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0);

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
}

function readFrame(bytes: Uint8Array, marker: number, at: number, end: number): Frame {
  if (!READ_FRAMES.has(marker)) throw unsupported("Lossless and hierarchical JPEG are not read");
  if (end - at < 8) throw broken("JPEG", "its frame header is too short");
  const view = viewOf(bytes);
  const precision = view.getUint8(at + 2);
  if (precision !== 8) throw unsupported(`JPEG with ${precision} bits a sample is not read`);
  return { height: view.getUint16(at + 3), width: view.getUint16(at + 5), components: view.getUint8(at + 7) };
}

/** The position of the next marker's 0xff after entropy-coded data; -1 if there is none. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at)) {
    const next = bytes[at + 1] ?? 0;
    if (next === 0xff) at += 1;
    else if (next === 0 || (next >= RST0 && next <= RST7)) at += 2;
    else return at;
  }
  return -1;
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI && bytes[2] === 0xff;
}

export function inspectJpeg(bytes: Uint8Array, { keepProfile }: InspectOptions): Inspected {
  const view = viewOf(bytes);
  const parts: Uint8Array[] = [];
  let frame: Frame | undefined;
  let orientation: Orientation | undefined;
  let xmp: Orientation | undefined;
  let adobe = false;
  let scans = 0;
  let at = 2;
  for (;;) {
    // Bytes between segments are skipped, as libjpeg does.
    const start = bytes.indexOf(0xff, at);
    if (start < 0) throw truncated("JPEG");
    at = start;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined) throw truncated("JPEG");
    if (marker === EOI) break;
    if (marker === 0 || marker === TEM || marker === SOI || (marker >= RST0 && marker <= RST7)) continue;
    if (at + 2 > bytes.length) throw truncated("JPEG");
    const length = view.getUint16(at);
    if (length < 2) throw broken("JPEG", "a segment has an impossible length");
    const end = at + length;
    if (end > bytes.length) throw truncated("JPEG");
    let keep = true;
    if (marker >= SOF0 && marker <= SOF15 && !NOT_FRAMES.has(marker)) {
      if (frame !== undefined) throw broken("JPEG", "it has two frame headers");
      frame = readFrame(bytes, marker, at, end);
    } else if (marker >= APP0 && marker <= APP15) {
      const isAdobe = marker === APP14 && textAt(bytes, at + 2, 5) === "Adobe";
      adobe ||= isAdobe;
      keep = marker === APP0 || isAdobe || (keepProfile && marker === APP2);
      const isExif = marker === APP1 && textAt(bytes, at + 2, 6) === "Exif\0\0";
      if (isExif) orientation ??= exifOrientation(bytes.subarray(at + 2, end));
      const isXmp = marker === APP1 && textAt(bytes, at + 2, XMP.length) === XMP;
      if (isXmp) xmp ??= xmpOrientation(bytes.subarray(at + 2, end));
    } else if (marker === COM) {
      keep = false;
    }
    at = end;
    if (marker === SOS) {
      if (++scans > MAX_SCANS) throw new MobileNetV2Error("LimitError", `A JPEG has at most ${MAX_SCANS} scans.`);
      at = endOfScan(bytes, end);
      if (at < 0) throw truncated("JPEG");
    }
    if (keep) parts.push(bytes.subarray(start, at));
  }
  if (frame === undefined || scans === 0) throw broken("JPEG", "it has no picture in it");
  if (frame.components === 4 && !adobe) parts.unshift(ADOBE_CMYK);
  return {
    format: "jpeg",
    width: frame.width,
    height: frame.height,
    orientation: orientation ?? xmp ?? 1,
    parts: [bytes.subarray(0, 2), ...parts, Uint8Array.of(0xff, EOI)],
  };
}
