/** Random changes of colours: Keras's `RandomBrightness` and `RandomContrast`. */
import { show, valueError } from "../../../core/errors.ts";
import { checkOptions } from "../../../core/options.ts";
import { type Augmentation, type Picture, perPicture } from "./augment.ts";
import { type Factor, between, rangeOf } from "./factors.ts";

export interface ValueRangeOptions {
  /** The least and the most that a value can be. Default: `[0, 255]`. */
  readonly valueRange?: readonly [number, number] | undefined;
}

/** Makes pictures lighter or darker: adds a part of the range of values, drawn from the factor. */
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

/** `delta` is added to every value. */
export function brightened(picture: Picture, delta: number, [least, most]: readonly [number, number]): Picture {
  const data = new Float32Array(picture.data.length);
  for (let p = 0; p < data.length; p++) data[p] = Math.min(most, Math.max(least, picture.data[p]! + delta));
  return { ...picture, data };
}

/**
 * Makes pictures more or less contrasty: each channel's distance from its mean is multiplied by a number from 1 - lower to 1 + upper; of
 * one factor f, from 1 - f to 1 + f.
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
  const [first, second, ...more]: readonly unknown[] = valueRange;
  if (typeof first !== "number" || typeof second !== "number" || more.length > 0) {
    throw valueError(
      `The \`valueRange\` argument should be a list of two numbers. Received: valueRange=${show(valueRange)}`,
    );
  }
  return [Math.min(first, second), Math.max(first, second)];
}
