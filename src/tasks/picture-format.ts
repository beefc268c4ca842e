/** Pictures as a model takes them: of its size, with its channels, scaled its way. */
import { preprocessInput } from "../applications/imagenet-utils.ts";
import { valueError } from "../core/errors.ts";
import { OBJECT, PIXELS, PREPROCESSING, SCALING, check } from "../core/kinds.ts";
import { type Names, checkAll, checkOptions } from "../core/options.ts";
import { SHAPE, type Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ColorMode } from "../image/image.ts";
import type { BytesSource } from "../platform/contract.ts";
import type { Preprocessing } from "../saving/checkpoint.ts";
import { option, optionError } from "./errors.ts";
import { KERAS_PIXELS, type PixelFacts, type Pixels, isSameScaling, pixelFacts } from "./pixels.ts";
import {
  PREPARATION_OPTIONS,
  type Preparation,
  type PreparationOptions,
  preparationOf,
  preparedPixels,
} from "./preparation.ts";

/** The size and the scaling of the pictures that a model takes. */
export interface PictureFormat {
  /** The height, in pixels. */
  readonly rows: number;
  /** The width, in pixels. */
  readonly cols: number;
  /** How pictures are brought to that size. */
  readonly preparation: Preparation;
  /** The scaling of pixels, and where it is known from. */
  readonly pixels: PixelFacts;
}

/** The options of `pictureFormat`. */
export interface PictureFormatOptions extends PreparationOptions {
  /** The height and width of pictures, in pixels, if the model takes any size. Default: `crop`, or 224. */
  readonly size?: number | undefined;
  /** The scaling of pixels that the file says: `model.preprocessing`. Default: to [-1, 1]. */
  readonly preprocessing?: Preprocessing | undefined;
  /** The scaling of pixels that the user says, in place of `preprocessing`. Default: none. */
  readonly pixels?: Pixels | undefined;
}

const FORMAT: Names<PictureFormat> = { rows: PIXELS, cols: PIXELS, preparation: OBJECT, pixels: PREPROCESSING };

/** The size of pictures if neither the file nor the user says one. */
export const DEFAULT_SIZE = 224;

const COLOR_MODES: ReadonlyMap<number, ColorMode> = new Map([
  [1, "grayscale"],
  [3, "rgb"],
  [4, "rgba"],
]);

/**
 * The format of a model's pictures.
 *
 * @param shape the shape of the model's input without the batch, [rows, cols, channels]; null for what may vary
 * @throws ValueError if the model does not take pictures, or not of that size, or if the options contradict each other
 */
export function pictureFormat(shape: Shape, options: PictureFormatOptions = {}): PictureFormat {
  checkOptions("pictureFormat()", options, {
    ...PREPARATION_OPTIONS,
    size: PIXELS,
    preprocessing: PREPROCESSING,
    pixels: SCALING,
  });
  check("pictureFormat()", "shape", shape, SHAPE);
  const { size, preprocessing, pixels, ...how } = options;
  const [rows = null, cols = null, channels = null, ...more] = shape;
  const colorMode = COLOR_MODES.get(channels ?? 3);
  const shown = shape.map((axis) => axis ?? "any").join(" × ");
  if (shape.length !== 3 || more.length > 0 || colorMode === undefined) {
    throw valueError(`The model takes no pictures: its input is ${shown}.`);
  }
  if (size !== undefined && ((rows ?? size) !== size || (cols ?? size) !== size)) {
    throw optionError`The model takes pictures of ${shown}. Received: ${option("size", size)}`;
  }
  const wanted = size ?? how.crop ?? DEFAULT_SIZE;
  const known = { rows: rows ?? wanted, cols: cols ?? wanted };
  return {
    ...known,
    preparation: preparationOf({ ...known, colorMode }, how),
    pixels: pixelFacts(pixels, preprocessing),
  };
}

/**
 * A picture as the model takes it: [rows, cols, channels], without the batch's axis.
 *
 * @throws what `loadImg` throws: FormatError, UnsupportedError, IOError, …
 */
export async function preparePicture(picture: BytesSource, format: PictureFormat): Promise<Tensor<Float32Array>> {
  checkAll("preparePicture()", format, FORMAT);
  const { preparation, pixels } = format;
  // Keras's own is computed as Keras does, to the bit.
  const preprocessing = isSameScaling(pixels, KERAS_PIXELS) ? undefined : pixels;
  return preprocessInput(await preparedPixels(picture, preparation), { preprocessing });
}

/** The format of pictures for weights that Keras publishes: how pixels are scaled for them is not assumed but known. */
export function publishedFormat(format: PictureFormat): PictureFormat {
  const { pixels } = format;
  return pixels.source === "assumed" ? { ...format, pixels: { ...pixels, source: "published" } } : format;
}

/** What `model.preprocessing` is to be: the scaling if somebody says it, else undefined. */
export function preprocessingIn({ pixels: { scale, offset, source } }: PictureFormat): Preprocessing | undefined {
  return source === "option" || source === "file" ? { scale, offset } : undefined;
}
