/** Keras's `save_img`: writes a picture or a tensor as a file (keras/src/utils/image_utils.py). */
import { encodeImage, warn, writeBytes } from "#platform";
import { show, valueError } from "../core/errors.ts";
import { FLAG, PLACE, check, oneOf, orNull } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { Tensor } from "../core/tensor.ts";
import type { ImageFormat } from "../platform/contract.ts";
import { checkImage, convertMode, type Image } from "./image.ts";
import { arrayToImg, type ArrayToImgOptions } from "./img-to-array.ts";

/** Options of `encodeImg`. `dataFormat` and `scale` apply to tensors only. */
export interface EncodeImgOptions extends ArrayToImgOptions {
  /** The format: `"png"`, `"jpeg"` (or `"jpg"`) or `"webp"`, in any case. */
  readonly fileFormat: string;
  /** The quality of JPEG and WebP, a whole number from 1 to 100. Default: Pillow's, 75 for JPEG and 80 for WebP. */
  readonly quality?: number | undefined;
}

/** Options of `saveImg`. `dataFormat` and `scale` apply to tensors only. */
export interface SaveImgOptions extends ArrayToImgOptions {
  /** The format: `"png"`, `"jpeg"` (or `"jpg"`) or `"webp"`, in any case. Default: the ending of the path. */
  readonly fileFormat?: string | undefined;
  /** The quality of JPEG and WebP, a whole number from 1 to 100. Default: Pillow's, 75 for JPEG and 80 for WebP. */
  readonly quality?: number | undefined;
}

const ORDER = orNull(oneOf(["channels_last", "channels_first"]));
const formats: Readonly<Record<string, ImageFormat>> = { png: "png", jpeg: "jpeg", jpg: "jpeg", webp: "webp" };

/**
 * Encodes a picture or a tensor as the bytes of a picture file. A tensor first goes through `arrayToImg`, which stretches its values unless
 * `scale` is false. JPEG has no alpha: it is dropped, with a warning.
 *
 * @throws ValueError for an unknown format or an impossible quality, or for a tensor that is no picture; ShapeError for an image whose data
 * does not fit its size; UnsupportedError for a format that the browser cannot write; MissingError if Node lacks the package `sharp`.
 */
export async function encodeImg(x: Tensor | Image, options: EncodeImgOptions): Promise<Uint8Array> {
  checkOptions("encodeImg()", options, { dataFormat: ORDER, scale: FLAG, fileFormat: true, quality: true });
  const { fileFormat, dataFormat, scale } = options;
  const known = typeof fileFormat === "string" ? fileFormat.toLowerCase() : "";
  const format = Object.hasOwn(formats, known) ? formats[known] : undefined;
  if (format === undefined) {
    throw valueError(
      `unknown file extension: "${show(fileFormat)}". Expected one of ${Object.keys(formats).join(", ")}.`,
    );
  }
  // Pillow's defaults.
  const { quality = format === "webp" ? 80 : 75 } = options;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw valueError(`quality must be a whole number of 1 to 100. Received: quality=${show(quality)}`);
  }
  const image = x instanceof Tensor ? arrayToImg(x, { dataFormat, scale }) : x;
  checkImage(image);
  if (format !== "jpeg" || image.channels !== 4) return encodeImage(image, format, quality);
  warn("The JPEG format does not support RGBA images, converting to RGB.");
  return encodeImage(convertMode(image, "rgb"), format, quality);
}

/**
 * Writes a picture or a tensor to a file: the whole file, or nothing.
 *
 * @throws what `encodeImg` throws; IOError if the file cannot be written; UnsupportedError in browsers, which have no files (use
 * `encodeImg` there to get the bytes).
 */
export async function saveImg(path: string | URL, x: Tensor | Image, options: SaveImgOptions = {}): Promise<void> {
  checkOptions("saveImg()", options, { dataFormat: ORDER, scale: FLAG, fileFormat: true, quality: true });
  check("saveImg()", "path", path, PLACE);
  const ending = /\.([^./\\]*)$/.exec(String(path))?.[1] ?? "";
  await writeBytes(path, await encodeImg(x, { ...options, fileFormat: options.fileFormat ?? ending }));
}
