/** Random flips, translations, rotations and zooms (keras.layers.RandomFlip, RandomTranslation, RandomRotation, RandomZoom). */
import { show, valueError } from "../../../core/errors.ts";
import { type FillOptions, affine, checkFill } from "./affine.ts";
import { type Augmentation, type Picture, perPicture } from "./augment.ts";
import { type Factor, type FactorRules, between, rangeOf } from "./factors.ts";

/** The directions to flip in: left-right (`horizontal`), top-bottom (`vertical`), or both. */
export type FlipMode = "horizontal" | "vertical" | "horizontal_and_vertical";

/**
 * Flips each picture with probability 1/2. With `horizontal_and_vertical`, each direction is decided independently (Keras 3 flips a picture
 * in both directions or in neither).
 *
 * @param mode the directions to flip in. Default: `horizontal_and_vertical`
 * @throws ValueError for an unknown mode
 */
export function randomFlip(mode: FlipMode = "horizontal_and_vertical"): Augmentation {
  if (!["horizontal", "vertical", "horizontal_and_vertical"].includes(mode)) {
    throw valueError(
      `Unknown \`mode\`: mode=${show(mode)}. Expected one of "horizontal", "vertical", "horizontal_and_vertical".`,
    );
  }
  return perPicture(
    "randomFlip",
    (picture, draws) =>
      flipped(picture, mode !== "vertical" && draws(0) < 0.5, mode !== "horizontal" && draws(1) < 0.5),
    [mode],
  );
}

/** The picture flipped left-right, top-bottom, both, or not at all. */
export function flipped(picture: Picture, horizontally: boolean, vertically: boolean): Picture {
  if (!horizontally && !vertically) return picture;
  const { rows, columns, channels, data: from } = picture;
  const data = new Float32Array(from.length);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const fromRow = vertically ? rows - 1 - row : row;
    for (let column = 0; column < columns; column++) {
      const p = (fromRow * columns + (horizontally ? columns - 1 - column : column)) * channels;
      for (let c = 0; c < channels; c++) data[at++] = from[p + c] ?? 0;
    }
  }
  return { rows, columns, channels, data };
}

const WITHIN_ONE: FactorRules = {
  problem: "The `factor` argument should be a number (or a list of two numbers) in the range [-1.0, 1.0]. ",
  isAllowed: (value) => value >= -1 && value <= 1,
};

/**
 * Moves pictures at random, by fractions of their height and width drawn from the factors.
 *
 * @param heightFactor fractions of the height in [-1, 1]: positive moves down
 * @param widthFactor fractions of the width in [-1, 1]: positive moves right
 * @throws ValueError if a factor or an option is invalid
 */
export function randomTranslation(heightFactor: Factor, widthFactor: Factor, options: FillOptions = {}): Augmentation {
  const heights = rangeOf(heightFactor, "heightFactor", WITHIN_ONE);
  const widths = rangeOf(widthFactor, "widthFactor", WITHIN_ONE);
  checkFill("randomTranslation()", options);
  return perPicture(
    "randomTranslation",
    (picture, draws) => {
      const [down, right] = [between(heights, draws(0)), between(widths, draws(1))];
      return translated(picture, down * picture.rows, right * picture.columns, options);
    },
    [heightFactor, widthFactor, options],
  );
}

/** The picture moved by `down` and `right`, in pixels. */
export function translated(picture: Picture, down: number, right: number, options?: FillOptions): Picture {
  return affine(picture, [1, 0, -right, 0, 1, -down], options);
}

/**
 * Rotates pictures at random around their centre.
 *
 * @param factor fractions of a full turn in [-1, 1], positive is counterclockwise: 0.1 rotates by up to 36° either way
 * @throws ValueError if `factor` or an option is invalid
 */
export function randomRotation(factor: Factor, options: FillOptions = {}): Augmentation {
  const turns = rangeOf(factor, "factor", {
    ...WITHIN_ONE,
    problem: "The `factor` argument should be a number (or a list of two numbers) in the range [-1, 1]. ",
  });
  checkFill("randomRotation()", options);
  return perPicture("randomRotation", (picture, draws) => rotated(picture, between(turns, draws(0)), options), [
    factor,
    options,
  ]);
}

/** The picture rotated counterclockwise by the fraction `turn` of a full turn. */
export function rotated(picture: Picture, turn: number, options?: FillOptions): Picture {
  const [x, y] = [(picture.columns - 1) / 2, (picture.rows - 1) / 2];
  const [cos, sin] = [Math.cos(2 * Math.PI * turn), Math.sin(2 * Math.PI * turn)];
  return affine(picture, [cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos], options);
}

const ZOOM: FactorRules = {
  problem:
    "The `heightFactor` and `widthFactor` arguments should be a number (or a list of two numbers) in the range (-1.0, 1.0]. ",
  isAllowed: (value) => value > -1 && value <= 1,
};

/**
 * Zooms pictures at random around their centre.
 *
 * @param heightFactor numbers in (-1, 1]: positive zooms out (0.2 shows up to 20% more of the height), negative zooms in
 * @param widthFactor the same for the width. Default: the height's, which keeps the aspect ratio
 * @throws ValueError if a factor or an option is invalid
 */
export function randomZoom(heightFactor: Factor, widthFactor?: Factor | null, options: FillOptions = {}): Augmentation {
  const heights = rangeOf(heightFactor, "heightFactor", ZOOM);
  const widths =
    widthFactor === undefined || widthFactor === null ? undefined : rangeOf(widthFactor, "widthFactor", ZOOM);
  checkFill("randomZoom()", options);
  return perPicture(
    "randomZoom",
    (picture, draws) => {
      const height = 1 + between(heights, draws(0));
      return zoomed(picture, height, widths === undefined ? height : 1 + between(widths, draws(1)), options);
    },
    [heightFactor, widthFactor, options],
  );
}

/** The picture zoomed around its centre; `height` and `width` are how much of it is visible: 2 is twice as much. */
export function zoomed(picture: Picture, height: number, width: number, options?: FillOptions): Picture {
  const [x, y] = [(picture.columns - 1) / 2, (picture.rows - 1) / 2];
  return affine(picture, [width, 0, x * (1 - width), 0, height, y * (1 - height)], options);
}
