/** The only part of EXIF and XMP that is read: the orientation, in EXIF the tag 0x0112 in the first directory of a TIFF structure. */
import { isOrientation, type Orientation } from "../orient.ts";
import { textAt, viewOf } from "./format.ts";

/** A directory of TIFF tags. */
export interface Directory {
  /** The first number of a tag whose type is SHORT, LONG or LONG8; of SHORT the second one too (`index` 1). Undefined if there is no such tag. */
  readonly number: (tag: number, index?: 0 | 1) => number | undefined;
}

const [SHORT, LONG, LONG8] = [3, 4, 16];

/** How the offsets and counts of classic TIFF and of BigTIFF are laid out. */
const CLASSIC = { magic: 42, firstOffsetAt: 4, countSize: 2, entrySize: 12, valueAt: 8 };
const BIG = { magic: 43, firstOffsetAt: 8, countSize: 8, entrySize: 20, valueAt: 12 };

/** The first directory of a TIFF or BigTIFF structure; undefined if it cannot be read. Never throws. */
export function firstDirectory(tiff: Uint8Array): Directory | undefined {
  const order = textAt(tiff, 0, 2);
  if (tiff.length < 16 || (order !== "II" && order !== "MM")) return undefined;
  const little = order === "II";
  const view = viewOf(tiff);
  const layout = [CLASSIC, BIG].find(({ magic }) => view.getUint16(2, little) === magic);
  if (layout === undefined) return undefined;
  const { countSize, entrySize, valueAt } = layout;
  const isBig = layout === BIG;
  const offsetAt = (at: number) => (isBig ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const start = offsetAt(layout.firstOffsetAt);
  const first = start + countSize;
  if (first > tiff.length) return undefined;
  const count = isBig ? offsetAt(start) : view.getUint16(start, little);
  const end = first + Math.min(count, Math.floor((tiff.length - first) / entrySize)) * entrySize;
  return {
    number(tag, index = 0) {
      for (let at = first; at < end; at += entrySize) {
        if (view.getUint16(at, little) !== tag || offsetAt(at + 4) <= index) continue;
        const type = view.getUint16(at + 2, little);
        if (type === SHORT) return view.getUint16(at + valueAt + 2 * index, little);
        if (type === LONG) return view.getUint32(at + valueAt, little);
        if (type === LONG8 && isBig) return Number(view.getBigUint64(at + valueAt, little));
      }
      return undefined;
    },
  };
}

/** The orientation in an EXIF block, with or without its "Exif\0\0" head: 1 if it is invalid, undefined if there is none. */
export function exifOrientation(block: Uint8Array): Orientation | undefined {
  const tiff = textAt(block, 0, 6) === "Exif\0\0" ? block.subarray(6) : block;
  const value = firstDirectory(tiff)?.number(0x0112);
  return value === undefined || isOrientation(value) ? value : 1;
}

/** The orientation in an XMP packet, which PIL takes if EXIF has none; undefined if there is none. */
export function xmpOrientation(packet: Uint8Array): Orientation | undefined {
  const value = Number(/tiff:Orientation(?:="|>)([0-9])/.exec(new TextDecoder("latin1").decode(packet))?.[1]);
  return isOrientation(value) ? value : undefined;
}
