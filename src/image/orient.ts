/** Turns a picture upright by its EXIF orientation, as PIL's `ImageOps.exif_transpose` does. */
import type { Image } from "./image.ts";

/** How the stored picture is turned and mirrored (EXIF tag 0x0112); 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export function isOrientation(value: number): value is Orientation {
  return Number.isInteger(value) && value >= 1 && value <= 8;
}

/** The picture, turned and mirrored so that it is upright; for orientation 1, the image itself. */
export function orient(image: Image, orientation: Orientation): Image {
  if (orientation === 1) return image;
  const { width, height, channels, data: from } = image;
  const swapped = orientation >= 5;
  const [outWidth, outHeight] = swapped ? [height, width] : [width, height];
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  const data = new Uint8Array(from.length);
  let at = 0;
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const [across, down] = swapped ? [y, x] : [x, y];
      const sourceX = mirrorX ? width - 1 - across : across;
      const sourceY = mirrorY ? height - 1 - down : down;
      const p = (sourceY * width + sourceX) * channels;
      for (let channel = 0; channel < channels; channel++) data[at++] = from[p + channel] ?? 0;
    }
  }
  return { width: outWidth, height: outHeight, channels, data };
}
