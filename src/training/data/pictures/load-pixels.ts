/** Pictures loaded as Keras's data sets do: decoded to 8 bits, resized in float32, with values from 0 to 255. */
import { show, valueError } from "../../../core/errors.ts";
import { FLAG, LIMIT } from "../../../core/kinds.ts";
import { type Names, checkOptions } from "../../../core/options.ts";
import { Tensor } from "../../../core/tensor.ts";
import { type ColorMode, type Image, channelsOf } from "../../../image/image.ts";
import { loadImg } from "../../../image/load-img.ts";
import { smartResizePart } from "../../../core/interpolation.ts";
import { type DatasetInterpolation, checkDatasetInterpolation, resizePixels } from "../../../image/tf-resize.ts";
import { checkTargetSize } from "../../../image/target-size.ts";
import type { BytesSource } from "../../../platform/contract.ts";

/** The options of `pixelLoader`, Keras's for pictures in a data set. */
export interface LoadPixelsOptions {
  /** The size to resize pictures to, in pixels: `[height, width]`, or one number for both. Default: `[256, 256]`. */
  readonly imageSize?: number | readonly [number, number] | undefined;
  /** The channels of the pictures: `rgb` (3), `rgba` (4) or `grayscale` (1). Default: `rgb`. */
  readonly colorMode?: ColorMode | undefined;
  /** The resampling filter, with TensorFlow's arithmetic. Default: `bilinear`. */
  readonly interpolation?: DatasetInterpolation | undefined;
  /** Whether to crop pictures to the aspect ratio of `imageSize`, around the centre, before they are resized. Default: false. */
  readonly cropToAspectRatio?: boolean | undefined;
  /** Whether to pad pictures with black to the aspect ratio of `imageSize`. Not together with `cropToAspectRatio`. Default: false. */
  readonly padToAspectRatio?: boolean | undefined;
  /** Whether to turn pictures upright by their EXIF or XMP orientation, which Keras does not do. Default: false. */
  readonly autoOrient?: boolean | undefined;
  /** The largest number of pixels of a picture, which is checked before it is decoded. Default: 50 million. */
  readonly maxPixels?: number | undefined;
}

/** The names of these options. */
export const LOAD_PIXELS_OPTIONS: Names<LoadPixelsOptions> = {
  imageSize: true,
  colorMode: true,
  interpolation: true,
  cropToAspectRatio: FLAG,
  padToAspectRatio: FLAG,
  autoOrient: FLAG,
  maxPixels: LIMIT,
};

/**
 * A function that loads a picture to a tensor [rows, columns, channels]. It must return the same tensor each time for the same source, and the
 * same shape for all sources.
 */
export interface LoadPicture {
  (source: BytesSource): Promise<Tensor<Float32Array>>;
  /** The options of `pixelLoader`, if it made the function, so that another thread can make it again. */
  readonly options?: LoadPixelsOptions | undefined;
}

/** Makes a function that loads a picture to a tensor [rows, columns, channels]. @throws ValueError, in Keras's words, for invalid options. */
export function pixelLoader(options: LoadPixelsOptions): LoadPicture {
  checkOptions("pixelLoader()", options, LOAD_PIXELS_OPTIONS);
  const { colorMode = "rgb", cropToAspectRatio = false, padToAspectRatio = false, autoOrient, maxPixels } = options;
  if (typeof colorMode !== "string" || !Object.hasOwn(channelsOf, colorMode)) {
    throw valueError(
      `\`colorMode\` must be one of {"rgb", "rgba", "grayscale"}. Received: colorMode=${show(colorMode)}`,
    );
  }
  const size = sizeOf(options.imageSize ?? [256, 256]);
  const interpolation = options.interpolation ?? "bilinear";
  checkDatasetInterpolation(interpolation);
  if (cropToAspectRatio && padToAspectRatio) {
    throw valueError("Only one of `padToAspectRatio`, `cropToAspectRatio` can be set to `True`.");
  }
  const load = async (source: BytesSource): Promise<Tensor<Float32Array>> => {
    const isGray = colorMode === "grayscale";
    const loaded = await loadImg(source, { colorMode: isGray ? "rgb" : colorMode, autoOrient, maxPixels });
    const image = isGray ? tensorFlowGray(loaded) : loaded;
    const data = padToAspectRatio
      ? padded(image, size, interpolation)
      : resizePixels(pixelsOf(image), partOf(image, size, cropToAspectRatio), size, interpolation);
    return new Tensor([...size, image.channels], data);
  };
  return Object.assign(load, {
    options: { imageSize: size, colorMode, interpolation, cropToAspectRatio, padToAspectRatio, autoOrient, maxPixels },
  });
}

/** The picture in gray as `tf.image.decode_image` makes it of a PNG: libpng's 15-bit weights, and the fraction cut off, whereas PIL rounds. */
function tensorFlowGray({ width, height, data: rgb }: Image): Image {
  const data = new Uint8Array(width * height);
  for (let i = 0, p = 0; i < data.length; i++, p += 3) {
    data[i] = ((rgb[p] ?? 0) * 9797 + (rgb[p + 1] ?? 0) * 19234 + (rgb[p + 2] ?? 0) * 3737) >> 15;
  }
  return { width, height, channels: 1, data };
}

function sizeOf(size: number | readonly number[]): readonly [number, number] {
  const [rows, columns, ...more] = typeof size === "number" ? [size, size] : Array.isArray(size) ? size : [];
  if (rows === undefined || columns === undefined || more.length > 0) {
    throw valueError(`Invalid \`imageSize\` value. Expected a tuple of 2 integers. Received: imageSize=${show(size)}`);
  }
  checkTargetSize([rows, columns]);
  return [rows, columns];
}

function pixelsOf({ data, height, width, channels }: Image): Parameters<typeof resizePixels>[0] {
  return { data, rows: height, columns: width, channels };
}

function partOf(image: Image, size: readonly [number, number], crop: boolean): Parameters<typeof resizePixels>[1] {
  if (crop) return smartResizePart(image.height, image.width, size);
  return { top: 0, left: 0, rows: image.height, columns: image.width };
}

/** The picture resized and padded with black, in the float32 steps of `tf.image.resize_with_pad`. */
function padded(
  image: Image,
  [rows, columns]: readonly [number, number],
  interpolation: DatasetInterpolation,
): Float32Array<ArrayBuffer> {
  const ratio = Math.max(Math.fround(image.width / columns), Math.fround(image.height / rows));
  const [exactRows, exactColumns] = [Math.fround(image.height / ratio), Math.fround(image.width / ratio)];
  const [innerRows, innerColumns] = [Math.max(1, Math.floor(exactRows)), Math.max(1, Math.floor(exactColumns))];
  const top = Math.max(0, Math.floor((rows - exactRows) / 2));
  const left = Math.max(0, Math.floor((columns - exactColumns) / 2));
  const inner = resizePixels(
    pixelsOf(image),
    partOf(image, [rows, columns], false),
    [innerRows, innerColumns],
    interpolation,
  );
  const { channels } = image;
  const data = new Float32Array(rows * columns * channels);
  for (let row = 0; row < innerRows; row++) {
    const line = inner.subarray(row * innerColumns * channels, (row + 1) * innerColumns * channels);
    data.set(line, ((top + row) * columns + left) * channels);
  }
  return data;
}
