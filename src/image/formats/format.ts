/** What every image file format here answers about a file before it is decoded, and the errors that they share. */
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Orientation } from "../orient.ts";

export type FileFormat = "jpeg" | "png" | "gif" | "webp" | "avif" | "bmp" | "tiff";

export interface InspectOptions {
  /** Leave the colour profile in `parts`. */
  readonly keepProfile: boolean;
  /** Leave transparency in `parts` where it is apart from the colours (a palette's, a colour key). */
  readonly keepAlpha: boolean;
}

export interface Inspected {
  readonly format: FileFormat;
  /** As stored: before the orientation is applied. */
  readonly width: number;
  readonly height: number;
  /** What EXIF says; 1 (upright) where it says nothing or nonsense. */
  readonly orientation: Orientation;
  /**
   * The file for the decoder, in pieces: only what the first frame's pixels need. Without EXIF, comments, text and
   * (unless asked for) profiles no decoder can turn, recolour or inflate anything, and all of them agree.
   */
  readonly parts: readonly Uint8Array[];
}

export function broken(format: string, detail: string): MobileNetV2Error {
  return new MobileNetV2Error("FormatError", `The ${format} file is broken: ${detail}.`);
}

export function truncated(format: string): MobileNetV2Error {
  return broken(format, "it ends early (a download or copy that was cut off?)");
}

export function unsupported(what: string): MobileNetV2Error {
  return new MobileNetV2Error("UnsupportedError", `${what}. Convert the picture to 8-bit JPEG or PNG first.`);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `length` bytes as Latin-1 text; shorter where the file ends. */
export function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}
