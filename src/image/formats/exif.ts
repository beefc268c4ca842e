/** The only part of EXIF that is read: tag 0x0112, the orientation, in the first directory of a TIFF structure. */
import { isOrientation, type Orientation } from "../orient.ts";
import { textAt, viewOf } from "./format.ts";

/** A directory of TIFF tags. */
export interface Directory {
  /** The first number of a tag of type SHORT or LONG; undefined if there is no such tag. */
  readonly number: (tag: number) => number | undefined;
}

const SHORT = 3;
const LONG = 4;

/** The first directory of a TIFF structure; undefined if it cannot be read. Never throws. */
export function firstDirectory(tiff: Uint8Array): Directory | undefined {
  const order = textAt(tiff, 0, 2);
  if (tiff.length < 10 || (order !== "II" && order !== "MM")) return undefined;
  const little = order === "II";
  const view = viewOf(tiff);
  if (view.getUint16(2, little) !== 42) return undefined;
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return undefined;
  const entries = Math.min(view.getUint16(start, little), Math.floor((tiff.length - start - 2) / 12));
  return {
    number(tag) {
      for (let at = start + 2, end = at + entries * 12; at < end; at += 12) {
        if (view.getUint16(at, little) !== tag || view.getUint32(at + 4, little) < 1) continue;
        const type = view.getUint16(at + 2, little);
        if (type === SHORT) return view.getUint16(at + 8, little);
        if (type === LONG) return view.getUint32(at + 8, little);
      }
      return undefined;
    },
  };
}

/** The orientation in an EXIF block, with or without its "Exif\0\0" head; 1 if there is none or it is invalid. */
export function exifOrientation(block: Uint8Array): Orientation {
  const tiff = textAt(block, 0, 6) === "Exif\0\0" ? block.subarray(6) : block;
  const value = firstDirectory(tiff)?.number(0x0112);
  return value !== undefined && isOrientation(value) ? value : 1;
}
