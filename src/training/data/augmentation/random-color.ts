/** Random changes of brightness and contrast (keras.layers.RandomBrightness, RandomContrast). */
import { show, valueError } from "../../../core/errors.ts";
import { checkOptions } from "../../../core/options.ts";
import { type Augmentation, type Picture, perPicture } from "./augment.ts";
import { type Factor, between, rangeOf } from "./factors.ts";

/** The options of `randomBrightness` and `randomContrast`. */
export interface ValueRangeOptions {
  /** The lowest and the highest value of a pixel; results are clipped to it. Default: `[0, 255]`. */
  readonly valueRange?: readonly [number, number] | undefined;
}

/**
 * Changes the brightness of pictures at random: to all values of a picture, the width of the value range times a number drawn from `factor` is
 * added.
 *
 * @param factor numbers in [-1, 1]: 0.2 means from 20% darker to 20% brighter
 * @throws ValueError if `factor` or `valueRange` is invalid
 */
export function randomBrightness(factor: Factor, options: ValueRangeOptions = {}): Augmentation {
  checkOptions("randomBrightness()", options, { valueRange: true });
  const parts = rangeOf(factor, "factor", {
    problem: "The `factor` argument should be a number (or a list of two numbers) in the range [-1, 1]. ",
    isAllowed: (value) => value >= -1 && value <= 1,
  });
  const range = valueRangeOf(options);
  return perPicture(
    "randomBrightness",
    (picture, draws) => brightened(picture, between(parts, draws(0)) * (range[1] - range[0]), range),
    [factor, options],
  );
}

/** The picture with `delta` added to every value, clipped to the range. */
export function brightened(picture: Picture, delta: number, [least, most]: readonly [number, number]): Picture {
  const data = new Float32Array(picture.data.length);
  for (let p = 0; p < data.length; p++) data[p] = Math.min(most, Math.max(least, picture.data[p]! + delta));
  return { ...picture, data };
}

/**
 * Changes the contrast of pictures at random: in each channel, the differences from the channel's mean are multiplied by a number drawn from
 * the range from 1 - lower to 1 + upper (as Keras documents; Keras 3.15 itself only increases the contrast).
 *
 * @param factor the pair [lower, upper], or one number for both; numbers in [0, 1]
 * @throws ValueError if `factor` or `valueRange` is invalid
 */
export function randomContrast(factor: Factor, options: ValueRangeOptions = {}): Augmentation {
  checkOptions("randomContrast()", options, { valueRange: true });
  const [low, high] = rangeOf(factor, "factor", {
    problem: "The `factor` argument should be a number (or a list of two numbers) in the range [0, 1]. ",
    isAllowed: (value) => value >= 0 && value <= 1,
  });
  const factors = [1 - Math.abs(low), 1 + high] as const;
  const range = valueRangeOf(options);
  return perPicture("randomContrast", (picture, draws) => contrasted(picture, between(factors, draws(0)), range), [
    factor,
    options,
  ]);
}

/** The picture with each channel's differences from its mean multiplied by `factor`, clipped to the range. */
export function contrasted(picture: Picture, factor: number, [least, most]: readonly [number, number]): Picture {
  const { channels, data: from } = picture;
  const data = new Float32Array(from.length);
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    for (let p = channel; p < from.length; p += channels) sum += from[p]!;
    const mean = (sum * channels) / from.length;
    for (let p = channel; p < from.length; p += channels) {
      data[p] = Math.min(most, Math.max(least, (from[p]! - mean) * factor + mean));
    }
  }
  return { ...picture, data };
}

function valueRangeOf({ valueRange = [0, 255] }: ValueRangeOptions): readonly [number, number] {
  const [first, second, ...more]: readonly unknown[] = Array.isArray(valueRange) ? valueRange : [];
  if (typeof first !== "number" || typeof second !== "number" || more.length > 0) {
    throw valueError(
      `The \`valueRange\` argument should be a list of two numbers. Received: valueRange=${show(valueRange)}`,
    );
  }
  return [Math.min(first, second), Math.max(first, second)];
}
