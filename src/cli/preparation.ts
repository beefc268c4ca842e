/** How pictures get the size that a model wants: squeezed, or a part of them, as the published accuracies were measured. */
import {
  type BytesSource,
  type ColorMode,
  type Image,
  type Interpolation,
  MobileNetV2Error,
  Tensor,
  imgToArray,
  loadImg,
} from "../index.ts";
import { resizeImg, resizePixels } from "../public/image.ts";
import { RECIPES, type Recipe, type RecipeName } from "./recipes.ts";

/** What a user may say of it. */
export interface PreparationOptions {
  /** Default: the recipe's; bilinear. */
  readonly interpolation?: Interpolation | undefined;
  readonly recipe?: RecipeName | undefined;
  /** The shorter side is scaled to so many pixels; then the centre is cut out. */
  readonly resize?: number | undefined;
  /** The size of what is cut out: that of the model. */
  readonly crop?: number | undefined;
  /** Not turned by EXIF. Default: turned upright. */
  readonly asStored?: boolean | undefined;
}

/** The part of a picture's side that recipes leave: 224 of 256. */
const PART = 0.875;

/** Options that fit one another and the model. */
export interface Preparation extends Recipe {
  readonly rows: number;
  readonly cols: number;
  readonly colorMode: ColorMode;
  /** The shorter side before the part is cut out. */
  readonly side: number;
  readonly autoOrient: boolean;
}

/** @throws ValueError where the options do not fit one another or the model. */
export function preparationOf(
  { rows, cols, colorMode }: Pick<Preparation, "rows" | "cols" | "colorMode">,
  { interpolation, recipe = "keras", resize, crop, asStored = false }: PreparationOptions,
): Preparation {
  const known: Recipe = RECIPES[recipe];
  const isOwn = known.fit === "squeeze" && (resize !== undefined || crop !== undefined);
  const fit = isOwn ? RECIPES.torchvision.fit : known.fit;
  const size = `${rows} × ${cols}`;
  const refuse = (wrong: boolean, why: string): void => {
    if (wrong) throw new MobileNetV2Error("ValueError", why);
  };
  refuse(
    crop !== undefined && (crop !== rows || crop !== cols),
    `The model takes pictures of ${size}. Received: --crop ${crop}`,
  );
  refuse(
    fit !== "squeeze" && rows !== cols,
    `The model takes pictures of ${size}: for those, pictures can only be squeezed.`,
  );
  refuse(
    resize !== undefined && resize < rows,
    `The model takes pictures of ${size}, which is more. Received: --resize ${resize}`,
  );
  const isSlim = fit === "cut, then resize";
  refuse(isSlim && resize !== undefined, `The recipe ${recipe} cuts before it resizes. Received: --resize ${resize}`);
  refuse(
    isSlim && interpolation !== undefined && interpolation !== known.interpolation,
    `The recipe ${recipe} is ${known.interpolation}. Received: --interpolation ${interpolation}`,
  );
  return {
    ...known,
    interpolation: interpolation ?? known.interpolation,
    fit,
    // One's own cuts as torchvision's do: half pixels decide about answers, too.
    ...(isOwn && { half: RECIPES.torchvision.half }),
    rows,
    cols,
    colorMode,
    side: resize ?? Math.floor(rows / PART),
    autoOrient: !asStored,
  };
}

/** The pixels that a model is to see, not scaled yet: [rows, cols, channels], of 0 to 255. */
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
