/** How pictures get the size that a model wants: squeezed, or a part of them, as the published accuracies were measured. */
import { show, valueError } from "../core/errors.ts";
import { interpolations } from "../image/filters.ts";
import { FLAG, PIXELS, TEXT, oneOf } from "../core/kinds.ts";
import type { Names } from "../core/options.ts";
import { Tensor } from "../core/tensor.ts";
import type { Interpolation } from "../image/filters.ts";
import type { ColorMode, Image } from "../image/image.ts";
import { imgToArray } from "../image/img-to-array.ts";
import { loadImg } from "../image/load-img.ts";
import { resizeImg } from "../image/resize.ts";
import { resizePixels } from "../image/tf-resize.ts";
import type { BytesSource } from "../platform/contract.ts";
import { CROPS, type Crop, type CropName } from "./crops.ts";
import { option, optionError } from "./errors.ts";

/** How pictures are prepared. Without any of these the whole picture is squeezed to the model's size, as Keras does. */
export interface PreparationOptions {
  /** The method of resizing, with PIL's arithmetic (TensorFlow's for `"tf-slim"`). Default: that of `cropAs`, `"bilinear"` for Keras's. */
  readonly interpolation?: Interpolation | undefined;
  /** The publisher of accuracies whose crop is used. Default: `"keras"`. */
  readonly cropAs?: CropName | undefined;
  /**
   * The length of the shorter side, in pixels, before the centre is cropped; at least the model's size. With `cropAs: "keras"`, the crop is
   * then torchvision's; with `"tf-slim"`, it is a ValueError. Default: 8/7 of the model's size if pictures are cropped.
   */
  readonly resize?: number | undefined;
  /** The height and width of the crop, in pixels, which must be the model's size. Default: the model's size if pictures are cropped. */
  readonly crop?: number | undefined;
  /** Whether pictures are turned upright by their EXIF orientation. Default: true. */
  readonly autoOrient?: boolean | undefined;
}

export const PREPARATION_OPTIONS: Names<PreparationOptions> = {
  interpolation: oneOf(interpolations),
  cropAs: TEXT,
  resize: PIXELS,
  crop: PIXELS,
  autoOrient: FLAG,
};

/** The part of a picture's side that is shown: 224 of 256. */
const PART = 0.875;

/** How pictures are prepared, after the options were checked against each other and the model. */
export interface Preparation extends Crop {
  /** The height of the model's pictures, in pixels. */
  readonly rows: number;
  /** The width of the model's pictures, in pixels. */
  readonly cols: number;
  /** The colours of the model's pictures. */
  readonly colorMode: ColorMode;
  /** The length of the shorter side, in pixels, before the centre is cropped. */
  readonly side: number;
  /** Whether pictures are turned upright by their EXIF orientation. */
  readonly autoOrient: boolean;
}

/** The preparation for a model's pictures. @throws ValueError if the options do not fit one another or the model. */
export function preparationOf(
  { rows, cols, colorMode }: Pick<Preparation, "rows" | "cols" | "colorMode">,
  { interpolation, cropAs = "keras", resize, crop, autoOrient = true }: PreparationOptions,
): Preparation {
  if (!Object.hasOwn(CROPS, cropAs)) {
    throw optionError`There is no crop of that name. There are ${Object.keys(CROPS).join(", ")}. Received: ${option("cropAs", show(cropAs))}`;
  }
  const known: Crop = CROPS[cropAs];
  const isOwn = known.fit === "squeeze" && (resize !== undefined || crop !== undefined);
  const fit = isOwn ? CROPS.torchvision.fit : known.fit;
  const size = `${rows} × ${cols}`;
  if (crop !== undefined && (crop !== rows || crop !== cols)) {
    throw optionError`The model takes pictures of ${size}. Received: ${option("crop", crop)}`;
  }
  if (fit !== "squeeze" && rows !== cols) {
    throw valueError(`The model takes pictures of ${size}: for those, pictures can only be squeezed.`);
  }
  if (resize !== undefined && resize < rows) {
    throw optionError`The model takes pictures of ${size}, which is more. Received: ${option("resize", resize)}`;
  }
  const isSlim = fit === "cut, then resize";
  if (isSlim && resize !== undefined) {
    throw optionError`${option("cropAs", cropAs)} cuts before it resizes. Received: ${option("resize", resize)}`;
  }
  if (isSlim && interpolation !== undefined && interpolation !== known.interpolation) {
    throw optionError`${option("cropAs", cropAs)} is ${known.interpolation}. Received: ${option("interpolation", interpolation)}`;
  }
  return {
    ...known,
    interpolation: interpolation ?? known.interpolation,
    fit,
    // One's own cuts as torchvision's do: half pixels decide about answers, too.
    ...(isOwn && { half: CROPS.torchvision.half }),
    rows,
    cols,
    colorMode,
    side: resize ?? Math.floor(rows / PART),
    autoOrient,
  };
}

/** The pixels that a model is to see, not scaled yet: [rows, cols, channels], values from 0 to 255. */
export async function preparedPixels(picture: BytesSource, how: Preparation): Promise<Tensor<Float32Array>> {
  const { rows, cols, colorMode, interpolation, autoOrient, side, half } = how;
  if (how.fit === "squeeze") {
    return imgToArray(await loadImg(picture, { targetSize: [rows, cols], colorMode, interpolation, autoOrient }));
  }
  const img = await loadImg(picture, { colorMode, autoOrient });
  const { width, height } = img;
  if (how.fit === "cut, then resize") {
    const [top, left] = [Math.trunc((height * (1 - PART)) / 2), Math.trunc((width * (1 - PART)) / 2)];
    const part = { top, left, rows: height - 2 * top, columns: width - 2 * left };
    const pixels = { data: img.data, rows: height, columns: width, channels: img.channels };
    return new Tensor([rows, cols, img.channels], resizePixels(pixels, part, [rows, cols], "bilinear"));
  }
  const scaled: readonly [number, number] =
    height <= width ? [side, Math.trunc((side * width) / height)] : [Math.trunc((side * height) / width), side];
  const before = (length: number, part: number): number => {
    const exact = (length - part) / 2;
    const floor = Math.floor(exact);
    return half === "even" && exact > floor && floor % 2 === 1 ? floor + 1 : floor;
  };
  const [top, left] = [before(scaled[0], rows), before(scaled[1], cols)];
  return cut(resizeImg(img, scaled, { interpolation }), top, left, rows, cols);
}

function cut(
  { data, width, channels }: Image,
  top: number,
  left: number,
  rows: number,
  cols: number,
): Tensor<Float32Array> {
  const part = new Float32Array(rows * cols * channels);
  for (let row = 0; row < rows; row++) {
    const from = ((top + row) * width + left) * channels;
    part.set(data.subarray(from, from + cols * channels), row * cols * channels);
  }
  return new Tensor([rows, cols, channels], part);
}
