/** Keras's `load_img`: decodes a picture file, in a colour mode and at a size (keras/src/utils/image_utils.py). */
import { decodeImage, readBytes } from "#platform";
import { messageOf, MobileNetV2Error, show, valueError } from "../core/errors.ts";
import { FLAG, LIMIT } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import type { BytesSource } from "../platform/contract.ts";
import { decodeBmp } from "./formats/bmp.ts";
import type { Inspected } from "./formats/format.ts";
import type { Interpolation } from "./filters.ts";
import { channelsOf, type ColorMode, convertMode, type Image } from "./image.ts";
import { orient } from "./orient.ts";
import { type Box, checkInterpolation, resizeImg } from "./resize.ts";
import { checkTargetSize } from "./target-size.ts";
import { inspectImage } from "./inspect-image.ts";

/** Options of `loadImg`. */
export interface LoadImgOptions {
  /** The size of the result in pixels: `[rows, columns]` (height first, as in Keras). Default: the picture's own size. */
  readonly targetSize?: readonly [number, number] | null | undefined;
  /** The method of resizing, with PIL's arithmetic. Default: `"nearest"`. */
  readonly interpolation?: Interpolation | undefined;
  /** The colours of the result. Alpha is dropped, not blended, unless this is `"rgba"`. Default: `"rgb"`. */
  readonly colorMode?: ColorMode | undefined;
  /** Whether the picture is first cropped to the largest centred part that has the proportions of `targetSize`. Default: false. */
  readonly keepAspectRatio?: boolean | undefined;
  /** Whether the picture is turned upright by its EXIF or XMP orientation, which Keras does for TIFF only. Default: false. */
  readonly autoOrient?: boolean | undefined;
  /** Whether colours are converted to sRGB by the picture's colour profile, which Keras does not do. Default: false. */
  readonly convertProfile?: boolean | undefined;
  /** The largest number of pixels that a picture may have; it is checked before the picture is decoded. Default: 50 million. */
  readonly maxPixels?: number | undefined;
  /** The largest number of bytes of the file. Default: 256 MiB; no picture within the default of `maxPixels` needs more, except uncompressed 16-bit RGBA. */
  readonly maxBytes?: number | undefined;
}

const MAX_PIXELS = 50_000_000;
const MAX_BYTES = 256 * 1024 * 1024;

function nameOf(source: BytesSource): string | undefined {
  const text = typeof source === "string" || source instanceof URL ? String(source) : undefined;
  return text === undefined || text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function decode(
  picture: Inspected,
  { maxPixels, convertProfile, colorMode }: { maxPixels: number; convertProfile: boolean; colorMode: ColorMode },
): Promise<Image> {
  const bytes = joined(picture.parts);
  if (picture.format === "bmp") return decodeBmp(bytes);
  const how = { maxPixels, mimeType: `image/${picture.format}`, convertProfile };
  if (picture.format !== "tiff") return decodeImage(bytes, how);
  const { convertYcbcr, isYcbcr } = await import("./formats/tiff-samples.ts");
  const isConverted = isYcbcr(bytes);
  const decoded = await decodeImage(bytes, how);
  return isConverted ? convertYcbcr(decoded, colorMode) : decoded;
}

/** The centred part of a picture that has the proportions of the target, by Keras's integer arithmetic. */
function centredCrop({ width, height }: Image, [rows, cols]: readonly [number, number]): Box {
  const cropHeight = Math.min(height, Math.floor((width * rows) / cols));
  const cropWidth = Math.min(width, Math.floor((height * cols) / rows));
  const top = Math.floor((height - cropHeight) / 2);
  const left = Math.floor((width - cropWidth) / 2);
  return { left, top, right: left + cropWidth, bottom: top + cropHeight };
}

function checkValues({ targetSize, interpolation, colorMode, maxPixels }: LoadImgOptions): void {
  if (colorMode !== undefined && (typeof colorMode !== "string" || !Object.hasOwn(channelsOf, colorMode))) {
    throw valueError(`colorMode must be "grayscale", "rgb", or "rgba". Received: colorMode=${show(colorMode)}`);
  }
  if (targetSize !== undefined && targetSize !== null) checkTargetSize(targetSize);
  if (interpolation !== undefined) checkInterpolation(interpolation);
  if (maxPixels !== undefined && !(typeof maxPixels === "number" && maxPixels > 0)) {
    throw valueError(`maxPixels must be a number above 0. Received: maxPixels=${show(maxPixels)}`);
  }
}

/**
 * Loads a picture: JPEG, PNG, WebP, GIF (its first frame), AVIF or BMP, and in Node also TIFF. Its content decides the format, not its
 * name. The samples equal Pillow's for PNG, GIF, BMP, and JPEG in RGB or gray; but 16-bit samples are scaled to 8 bits, whereas Pillow
 * clips gray ones.
 *
 * @param source a path (in Node only), an address, the bytes of the file, a `Blob` or a `File`
 * @returns the picture as 8-bit samples; `imgToArray` makes a tensor of it
 * @throws ValueError for an impossible option, in Keras's words; IOError or NetworkError if the source cannot be read; FormatError if it is
 * no picture, or is broken or truncated; UnsupportedError for a format that is not decoded; LimitError for more than `maxPixels` pixels or
 * `maxBytes`; MissingError if Node lacks the package `sharp`, or a browser OffscreenCanvas.
 */
export async function loadImg(source: BytesSource, options: LoadImgOptions = {}): Promise<Image> {
  checkOptions("loadImg()", options, {
    targetSize: true,
    interpolation: true,
    colorMode: true,
    keepAspectRatio: FLAG,
    autoOrient: FLAG,
    convertProfile: FLAG,
    maxPixels: true,
    maxBytes: LIMIT,
  });
  checkValues(options);
  const { targetSize, interpolation, colorMode = "rgb", autoOrient = false, convertProfile = false } = options;
  const maxPixels = options.maxPixels ?? MAX_PIXELS;
  const bytes = await readBytes(source, { maxBytes: options.maxBytes ?? MAX_BYTES });
  let image: Image;
  try {
    const picture = inspectImage(bytes, maxPixels, { keepProfile: convertProfile, keepAlpha: colorMode === "rgba" });
    const decoded = await decode(picture, { maxPixels, convertProfile, colorMode });
    // PIL turns TIFF when it loads it, and nothing else.
    const isTurned = autoOrient || picture.format === "tiff";
    image = convertMode(isTurned ? orient(decoded, picture.orientation) : decoded, colorMode);
  } catch (cause) {
    const name = nameOf(source);
    if (!(cause instanceof MobileNetV2Error) || name === undefined) throw cause;
    throw new MobileNetV2Error(cause.code, `${name}: ${messageOf(cause)}`, { cause });
  }
  if (targetSize === undefined || targetSize === null) return image;
  if (image.height === targetSize[0] && image.width === targetSize[1]) return image;
  const box = options.keepAspectRatio === true ? centredCrop(image, targetSize) : undefined;
  return resizeImg(image, targetSize, { interpolation, box });
}
