/** TIFF 6.0 and BigTIFF: the size and the orientation in the first directory. */
import { isOrientation } from "../orient.ts";
import { firstDirectory } from "./exif.ts";
import { broken, type Inspected, textAt } from "./format.ts";

const [IMAGE_WIDTH, IMAGE_LENGTH, ORIENTATION] = [256, 257, 274];

export function isTiff(bytes: Uint8Array): boolean {
  const head = textAt(bytes, 0, 4);
  return head === "II*\0" || head === "MM\0*" || head === "II+\0" || head === "MM\0+";
}

export function inspectTiff(bytes: Uint8Array): Inspected {
  const directory = firstDirectory(bytes);
  const width = directory?.number(IMAGE_WIDTH);
  const height = directory?.number(IMAGE_LENGTH);
  if (directory === undefined || width === undefined || height === undefined) {
    throw broken("TIFF", "its first directory cannot be read");
  }
  const turn = directory.number(ORIENTATION) ?? 1;
  return {
    format: "tiff",
    width,
    height,
    orientation: isOrientation(turn) ? turn : 1,
    parts: [bytes],
  };
}
