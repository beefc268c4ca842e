/** The samples of TIFF 6.0, by its first directory: whether a decoder knows their kind, and whether they are luma and chroma. Loaded for TIFF alone. */
import type { ColorMode, Image } from "../image.ts";
import { firstDirectory } from "./exif.ts";
import { unsupported } from "./format.ts";

const [COMPRESSION, PHOTOMETRIC, SUBSAMPLING] = [259, 262, 530];

const JPEG = 7;
const YCBCR = 6;

/** The compressions that neither Node's decoder nor browsers have. */
const UNREAD_COMPRESSIONS: ReadonlyMap<number, string> = new Map([
  [6, "old JPEG"],
  [34887, "LERC"],
  [34925, "LZMA"],
  [34712, "JPEG 2000"],
  [50000, "Zstandard"],
  [50002, "JPEG XL"],
]);

/** The kinds of colours that are not converted to RGB. */
const UNREAD_COLORS: ReadonlyMap<number, string> = new Map([
  [4, "a transparency mask"],
  [8, "CIE L*a*b* colours"],
  [9, "ICC L*a*b* colours"],
  [10, "ITU L*a*b* colours"],
  [32803, "the raw mosaic of a camera"],
  [32844, "LogL samples"],
  [32845, "LogLuv colours"],
  [34892, "the raw data of a camera"],
]);

/** Whether the decoder gives luma and chroma (JFIF's YCbCr) in place of red, green and blue. @throws UnsupportedError for kinds that are not decoded. */
export function isYcbcr(bytes: Uint8Array): boolean {
  const directory = firstDirectory(bytes);
  const compression = directory?.number(COMPRESSION) ?? 1;
  const compressed = UNREAD_COMPRESSIONS.get(compression);
  if (compressed !== undefined) throw unsupported(`TIFF compressed by ${compressed} is not read`);
  const photometric = directory?.number(PHOTOMETRIC) ?? 1;
  const colors = UNREAD_COLORS.get(photometric);
  if (colors !== undefined) throw unsupported(`TIFF with ${colors} is not read`);
  // The decoder itself converts JPEG, and chroma at a lower resolution than luma.
  const isFull = directory?.number(SUBSAMPLING, 0) === 1 && directory.number(SUBSAMPLING, 1) === 1;
  return photometric === YCBCR && compression !== JPEG && isFull;
}

/** What chroma adds to a channel, for all 256 values, in PIL's fixed point of 6 bits. */
function added(factor: number): Int16Array {
  return Int16Array.from({ length: 256 }, (_, value) => Math.trunc(factor * 64 * (value - 128) + 0.5));
}

/** The picture whose samples are luma and chroma (JFIF's YCbCr) in RGB or gray, as PIL's `convert` makes it: gray is luma. */
export function convertYcbcr(image: Image, mode: ColorMode): Image {
  if (image.channels !== 3) return image;
  if (mode === "grayscale") return { ...image, channels: 1, data: image.data.filter((_, i) => i % 3 === 0) };
  const [redOfCr, greenOfCb, greenOfCr, blueOfCb] = [added(1.402), added(-0.34414), added(-0.71414), added(1.772)];
  const data = new Uint8ClampedArray(image.data.length);
  for (let p = 0; p < data.length; p += 3) {
    const [luma = 0, cb = 0, cr = 0] = image.data.subarray(p, p + 3);
    data[p] = luma + ((redOfCr[cr] ?? 0) >> 6);
    data[p + 1] = luma + (((greenOfCb[cb] ?? 0) + (greenOfCr[cr] ?? 0)) >> 6);
    data[p + 2] = luma + ((blueOfCb[cb] ?? 0) >> 6);
  }
  return { ...image, data: new Uint8Array(data.buffer) };
}
