/** Random changes of where things are: Keras's `RandomFlip`, `RandomTranslation`, `RandomRotation`, `RandomZoom`. */
import { show, valueError } from "../../../core/errors.ts";
import { type FillOptions, affine, checkFill } from "./affine.ts";
import { type Augmentation, type Picture, perPicture } from "./augment.ts";
import { type Factor, type FactorRules, between, rangeOf } from "./factors.ts";

export type FlipMode = "horizontal" | "vertical" | "horizontal_and_vertical";

/**
 * Mirrors every second picture: left and right, top and bottom, or both. With both, each is decided on its own (Keras 3 mirrors a picture
 * in both directions or in none). Default: `"horizontal_and_vertical"`.
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

/** Moves pictures by parts of their height (down) and width (to the right), drawn from the factors. */
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

/** `down` and `right` in pixels. */
export function translated(picture: Picture, down: number, right: number, options?: FillOptions): Picture {
  return affine(picture, [1, 0, -right, 0, 1, -down], options);
}

/** Turns pictures around their centre: a factor of 0.1 is up to a tenth of a full turn either way; positive is counterclockwise. */
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

/** `turn` is a part of a full turn. */
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
 * Zooms around the centre: out by positive factors (0.2: a fifth more of the picture's height is seen), in by negative ones. Without a
 * `widthFactor` the proportions stay.
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

/** `height` and `width` say how much is seen: 2 is twice as much. */
export function zoomed(picture: Picture, height: number, width: number, options?: FillOptions): Picture {
  const [x, y] = [(picture.columns - 1) / 2, (picture.rows - 1) / 2];
  return affine(picture, [width, 0, x * (1 - width), 0, height, y * (1 - height)], options);
}
