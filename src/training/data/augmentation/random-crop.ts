/** Random crops of pictures (keras.layers.RandomCrop), and the random resized crop with which Inception and its successors were trained. */
import { show, valueError } from "../../../core/errors.ts";
import { NUMBERS } from "../../../core/kinds.ts";
import { checkOptions } from "../../../core/options.ts";
import { type Part, smartResizePart } from "../../../core/interpolation.ts";
import { resizePixels } from "../../../image/tf-resize.ts";
import { type Augmentation, type Draws, type Picture, perPicture } from "./augment.ts";
import { between } from "./factors.ts";

/**
 * Crops `height` × `width` pixels at a random position. A picture that is not larger in both directions is cropped to the largest centred part
 * with these proportions, and resized (as Keras documents; Keras 3.15 itself does not keep the proportions).
 *
 * @param height the height of the result, in pixels
 * @param width the width of the result, in pixels
 * @throws ValueError if `height` or `width` is not a whole number of 1 or more
 */
export function randomCrop(height: number, width: number): Augmentation {
  checkSize("height", height);
  checkSize("width", width);
  return perPicture(
    "randomCrop",
    (picture, draws) => {
      const { rows, columns } = picture;
      if (!(rows > height && columns > width)) {
        return cut(picture, smartResizePart(rows, columns, [height, width]), height, width);
      }
      const top = Math.floor(draws(0) * (rows - height + 1));
      const left = Math.floor(draws(1) * (columns - width + 1));
      return cut(picture, { top, left, rows: height, columns: width }, height, width);
    },
    [height, width],
  );
}

/** The options of `randomResizedCrop`. */
export interface RandomResizedCropOptions {
  /** The smallest and the largest fraction of the picture's area to crop, in (0, 1]. Default: `[0.08, 1]`. */
  readonly scale?: readonly [number, number] | undefined;
  /** The smallest and the largest aspect ratio of the crop, width / height. Default: `[3 / 4, 4 / 3]`. */
  readonly ratio?: readonly [number, number] | undefined;
}

const ATTEMPTS = 10;

/**
 * Crops a part of random area and aspect ratio at a random position, and resizes it to `height` × `width` (Szegedy et al., Going deeper with
 * convolutions, 2015; the defaults are those of torchvision's `RandomResizedCrop`). If none of ten random parts fits into the picture, it
 * crops the largest centred part within the aspect ratios.
 *
 * @param height the height of the result, in pixels
 * @param width the width of the result, in pixels
 * @throws ValueError if a size or a range is invalid
 */
export function randomResizedCrop(height: number, width: number, options: RandomResizedCropOptions = {}): Augmentation {
  checkOptions("randomResizedCrop()", options, { scale: true, ratio: true });
  checkSize("height", height);
  checkSize("width", width);
  const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3] } = options;
  checkRange("scale", scale, 1);
  checkRange("ratio", ratio, Infinity);
  return perPicture(
    "randomResizedCrop",
    (picture, draws) => cut(picture, randomPart(picture, scale, ratio, draws), height, width),
    [height, width, options],
  );
}

function randomPart(
  { rows, columns }: Picture,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  draws: Draws,
): Part {
  const logs = [Math.log(ratio[0]), Math.log(ratio[1])] as const;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const draw: Draws = (i) => draws(attempt * 4 + i);
    const area = rows * columns * between(scale, draw(0));
    const shape = Math.exp(between(logs, draw(1)));
    const wide = Math.round(Math.sqrt(area * shape));
    const high = Math.round(Math.sqrt(area / shape));
    if (wide >= 1 && high >= 1 && wide <= columns && high <= rows) {
      const top = Math.floor(draw(2) * (rows - high + 1));
      const left = Math.floor(draw(3) * (columns - wide + 1));
      return { top, left, rows: high, columns: wide };
    }
  }
  const shape = Math.min(Math.max(columns / rows, ratio[0]), ratio[1]);
  const wide = Math.max(1, Math.min(columns, Math.round(rows * shape)));
  const high = Math.max(1, Math.min(rows, Math.round(columns / shape)));
  return { top: Math.floor((rows - high) / 2), left: Math.floor((columns - wide) / 2), rows: high, columns: wide };
}

function cut({ data, rows, columns, channels }: Picture, part: Part, height: number, width: number): Picture {
  const changed = resizePixels({ data, rows, columns, channels }, part, [height, width], "bilinear");
  return { rows: height, columns: width, channels, data: changed };
}

function checkSize(name: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 1)) {
    throw valueError(`\`${name}\` must be a whole number of 1 or more. Received: ${name}=${show(value)}`);
  }
}

function checkRange(name: string, range: readonly [number, number], limit: number): void {
  const [least = NaN, most = NaN, ...more]: readonly number[] = Array.isArray(range) && NUMBERS[1](range) ? range : [];
  if (more.length === 0 && least > 0 && least <= most && most <= limit && most < Infinity) return;
  throw valueError(
    `\`${name}\` must be two numbers above 0, the smaller first${limit === 1 ? ", of 1 at most" : ""}. Received: ${name}=${show(range)}`,
  );
}
