/** What every image file format tells about a file before it is decoded, and the errors that the formats share. */
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Orientation } from "../orient.ts";

/** The formats of picture files that can be read. */
export type FileFormat = "jpeg" | "png" | "gif" | "webp" | "avif" | "bmp" | "tiff";

/** What is to be kept of a file. */
export interface InspectOptions {
  /** Whether the colour profile stays in `parts`. */
  readonly keepProfile: boolean;
  /** Whether transparency stays in `parts` if it is stored apart from the colours (that of a palette, or a colour key). */
  readonly keepAlpha: boolean;
}

/** What is known about a file before it is decoded. */
export interface Inspected {
  readonly format: FileFormat;
  /** The size as stored, before the orientation is applied. */
  readonly width: number;
  readonly height: number;
  /** The orientation according to EXIF, XMP or the format itself; 1 (upright) if there is none or it is invalid. */
  readonly orientation: Orientation;
  /**
   * The file for the decoder, in pieces: only what the pixels of the first frame need. Without EXIF, comments, texts and (unless requested)
   * profiles, no decoder can turn, recolour or inflate anything, and all decoders agree.
   */
  readonly parts: readonly Uint8Array[];
}

/** The error for a file that violates its format. */
export function broken(format: string, detail: string): MobileNetV2Error {
  return new MobileNetV2Error("FormatError", `The ${format} file is broken: ${detail}.`);
}

/** The error for a file that ends before its content does. */
export function truncated(format: string): MobileNetV2Error {
  return broken(format, "it ends early (a download or copy that was cut off?)");
}

/** The error for a file that its format allows but that is not decoded. */
export function unsupported(what: string): MobileNetV2Error {
  return new MobileNetV2Error("UnsupportedError", `${what}. Convert the picture to 8-bit JPEG or PNG first.`);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Up to `length` bytes as Latin-1 text; fewer if the file ends before. */
export function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}
