/** Keras's `load_img`: a picture file decoded, in a colour mode, at a size (keras/src/utils/image_utils.py). */
import { decodeImage, readBytes } from "#platform";
import { messageOf, MobileNetV2Error, valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import type { BytesSource } from "../platform/contract.ts";
import { decodeBmp } from "./formats/bmp.ts";
import type { Inspected } from "./formats/format.ts";
import type { Interpolation } from "./filters.ts";
import { channelsOf, type ColorMode, convertMode, type Image } from "./image.ts";
import { orient } from "./orient.ts";
import { type Box, checkInterpolation, checkTargetSize, resizeImg } from "./resize.ts";
import { inspectImage } from "./sniff.ts";

export interface LoadImgOptions {
  /** `[rows, columns]` (height first, as in Keras). Default: the picture's own size. */
  readonly targetSize?: readonly [number, number] | null | undefined;
  /** How to resize, with PIL's arithmetic. Default: `"nearest"`. */
  readonly interpolation?: Interpolation | undefined;
  /** Default: `"rgb"`. Alpha is dropped, not blended, unless this is `"rgba"`. */
  readonly colorMode?: ColorMode | undefined;
  /** Cut the largest centred part that has the target's proportions before resizing. Default: false. */
  readonly keepAspectRatio?: boolean | undefined;
  /** Turn the picture upright by its EXIF orientation. Keras does not. Default: false. */
  readonly autoOrient?: boolean | undefined;
  /** Convert to sRGB by the picture's colour profile. Keras does not. Default: false. */
  readonly convertProfile?: boolean | undefined;
  /** The most pixels that a picture may have; checked before it is decoded. Default: 50 million. */
  readonly maxPixels?: number | undefined;
}

const MAX_PIXELS = 50_000_000;
/** No picture within the default limit of pixels is larger, short of uncompressed 16-bit RGBA. */
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

async function decode(picture: Inspected, maxPixels: number, convertProfile: boolean): Promise<Image> {
  const bytes = joined(picture.parts);
  if (picture.format === "bmp") return decodeBmp(bytes);
  return decodeImage(bytes, { maxPixels, mimeType: `image/${picture.format}`, convertProfile });
}

/** The centred part of a picture that has the proportions of the target: Keras's integer arithmetic. */
function centredBox({ width, height }: Image, [rows, cols]: readonly [number, number]): Box {
  const cropHeight = Math.min(height, Math.floor((width * rows) / cols));
  const cropWidth = Math.min(width, Math.floor((height * cols) / rows));
  const top = Math.floor((height - cropHeight) / 2);
  const left = Math.floor((width - cropWidth) / 2);
  return { left, top, right: left + cropWidth, bottom: top + cropHeight };
}

function checkValues({ targetSize, interpolation, colorMode, maxPixels }: LoadImgOptions): void {
  if (colorMode !== undefined && !Object.hasOwn(channelsOf, colorMode)) {
    throw valueError(
      `colorMode must be "grayscale", "rgb", or "rgba". Received: colorMode=${JSON.stringify(colorMode)}`,
    );
  }
  if (targetSize !== undefined && targetSize !== null) checkTargetSize(targetSize);
  if (interpolation !== undefined) checkInterpolation(interpolation);
  if (maxPixels !== undefined && !(maxPixels > 0)) {
    throw valueError(`maxPixels must be a number above 0. Received: maxPixels=${maxPixels}`);
  }
}

/**
 * Loads a picture: JPEG, PNG, WebP, GIF (its first frame), AVIF or BMP, in Node TIFF too; what it is goes by its content.
 * Samples are those of Pillow: exactly for JPEG in RGB and gray, for PNG, GIF and BMP; 16-bit samples are scaled to 8
 * bits, where Pillow clips gray ones.
 *
 * @param source A path (in Node) or a URL, or the file's bytes; a `Blob` or `File`.
 * @returns 8-bit samples; `imgToArray` makes a tensor of them.
 * @throws ValueError for options that make no sense, in Keras's words; IOError or NetworkError where the source cannot
 *   be read; FormatError where it is no picture, or is broken or cut off; UnsupportedError for what is not decoded;
 *   LimitError for more than `maxPixels` pixels; MissingError where Node lacks the package `sharp`.
 */
export async function loadImg(source: BytesSource, options: LoadImgOptions = {}): Promise<Image> {
  checkOptions("loadImg()", options, {
    targetSize: true,
    interpolation: true,
    colorMode: true,
    keepAspectRatio: true,
    autoOrient: true,
    convertProfile: true,
    maxPixels: true,
  });
  checkValues(options);
  const { targetSize, interpolation, colorMode = "rgb", autoOrient = false, convertProfile = false } = options;
  const maxPixels = options.maxPixels ?? MAX_PIXELS;
  const bytes = await readBytes(source, { maxBytes: MAX_BYTES });
  let image: Image;
  try {
    const picture = inspectImage(bytes, maxPixels, { keepProfile: convertProfile, keepAlpha: colorMode === "rgba" });
    const decoded = await decode(picture, maxPixels, convertProfile);
    image = convertMode(autoOrient ? orient(decoded, picture.orientation) : decoded, colorMode);
  } catch (cause) {
    const name = nameOf(source);
    if (!(cause instanceof MobileNetV2Error) || name === undefined) throw cause;
    throw new MobileNetV2Error(cause.code, `${name}: ${messageOf(cause)}`, { cause });
  }
  if (targetSize === undefined || targetSize === null) return image;
  if (image.height === targetSize[0] && image.width === targetSize[1]) return image;
  const box = options.keepAspectRatio === true ? centredBox(image, targetSize) : undefined;
  return resizeImg(image, targetSize, { interpolation, box });
}
