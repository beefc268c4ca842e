/** Keras's `save_img`: a picture or tensor as a file (keras/src/utils/image_utils.py). */
import { encodeImage, warn, writeBytes } from "#platform";
import { valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { Tensor } from "../core/tensor.ts";
import type { ImageFormat } from "../platform/contract.ts";
import { checkImage, convertMode, type Image } from "./image.ts";
import { arrayToImg, type ArrayToImgOptions } from "./img-to-array.ts";

export interface EncodeImgOptions extends ArrayToImgOptions {
  /** `"png"`, `"jpeg"` (also as `"jpg"`) or `"webp"`. */
  readonly fileFormat: string;
  /** 1 to 100, for JPEG and WebP. Default: 75, as in Pillow. */
  readonly quality?: number | undefined;
}

export interface SaveImgOptions extends ArrayToImgOptions {
  /** Default: by the ending of the path. */
  readonly fileFormat?: string | undefined;
  /** 1 to 100, for JPEG and WebP. Default: 75, as in Pillow. */
  readonly quality?: number | undefined;
}

const formats: Readonly<Record<string, ImageFormat>> = { png: "png", jpeg: "jpeg", jpg: "jpeg", webp: "webp" };

/**
 * The bytes of a picture file. A tensor goes through `arrayToImg` first (which stretches it unless `scale` is false).
 *
 * @throws ValueError for an unknown format or quality; MissingError where Node lacks the package `sharp`.
 */
export async function encodeImg(x: Tensor | Image, options: EncodeImgOptions): Promise<Uint8Array> {
  checkOptions("encodeImg()", options, { dataFormat: true, scale: true, fileFormat: true, quality: true });
  const { fileFormat, quality = 75, dataFormat, scale } = options;
  const format = Object.hasOwn(formats, fileFormat.toLowerCase()) ? formats[fileFormat.toLowerCase()] : undefined;
  if (format === undefined) {
    throw valueError(
      `unknown file extension: ${JSON.stringify(fileFormat)}. Expected one of ${Object.keys(formats).join(", ")}.`,
    );
  }
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw valueError(`quality must be a whole number of 1 to 100. Received: quality=${quality}`);
  }
  const image = x instanceof Tensor ? arrayToImg(x, { dataFormat, scale }) : x;
  checkImage(image);
  if (format !== "jpeg" || image.channels !== 4) return encodeImage(image, format, quality);
  warn("The JPEG format does not support RGBA images, converting to RGB.");
  return encodeImage(convertMode(image, "rgb"), format, quality);
}

/**
 * Writes a picture or tensor to a file, in the format that the path ends with: the whole file or nothing.
 *
 * @throws What `encodeImg` throws; IOError where the file cannot be written; UnsupportedError in browsers, which have
 *   no files: `encodeImg` gives the bytes there.
 */
export async function saveImg(path: string | URL, x: Tensor | Image, options: SaveImgOptions = {}): Promise<void> {
  checkOptions("saveImg()", options, { dataFormat: true, scale: true, fileFormat: true, quality: true });
  const ending = /\.([^./\\]*)$/.exec(String(path))?.[1] ?? "";
  await writeBytes(path, await encodeImg(x, { ...options, fileFormat: options.fileFormat ?? ending }));
}
