/** Keras's padding arithmetic: `correct_pad` of keras.applications and the lengths of convolutions and pools. */
import { show, valueError } from "./errors.ts";
import { frozen } from "./frozen.ts";

/** How a window meets the edges: `valid` adds no padding; `same` pads with zeros, so that stride 1 keeps the size. */
export type Padding = "valid" | "same";

/** The padding as [[top, bottom], [left, right]], in pixels. */
export type Padding2D = readonly [readonly [number, number], readonly [number, number]];

/**
 * The zero padding that keras.applications puts before a `valid` convolution with strides of 2, so that the result matches `same` for even
 * and for odd sizes. If the number of rows is unknown, both axes count as even; an unknown number of columns counts as even. Keras does the
 * same.
 *
 * @param size the rows and columns of the input, in pixels
 * @param kernel the length of the square kernel, in pixels
 * @see keras.src.applications.imagenet_utils.correct_pad
 */
export function correctPad(size: readonly [number | null, number | null], kernel: number): Padding2D {
  const half = Math.floor(kernel / 2);
  const along = (length: number | null): readonly [number, number] => [
    half - (size[0] === null || length === null ? 1 : 1 - (length % 2)),
    half,
  ];
  return [along(size[0]), along(size[1])];
}

/** The output length of a convolution or a pool along one axis; null if the input length is unknown. */
export function windowOutputLength(
  length: number | null,
  window: number,
  stride: number,
  padding: Padding,
): number | null {
  if (length === null) return null;
  return padding === "same" ? Math.ceil(length / stride) : Math.floor((length - window) / stride) + 1;
}

/** The zeros before and after one axis with TensorFlow's `same` padding. If their number is odd, the extra one goes to the end. */
export function samePadding(length: number, window: number, stride: number): readonly [number, number] {
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + window - length);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

/** The zeros before and after one axis for either padding mode. */
export function paddingAlong(
  length: number,
  window: number,
  stride: number,
  padding: Padding,
): readonly [number, number] {
  return padding === "same" ? samePadding(length, window, stride) : [0, 0];
}

/** One number for both rows and columns, or one for each: how Keras takes kernel sizes, strides and paddings. */
export type OneOrTwo = number | readonly [number, number];

/**
 * Both values of a number or a pair (keras.src.utils.argument_validation.standardize_tuple).
 *
 * @param value what the caller gave
 * @param argument the name of the argument, for the error message
 * @param least the smallest allowed value. Default: 1.
 * @throws ValueError if they are not two whole numbers of at least `least`.
 */
export function pair(value: unknown, argument: string, least: 0 | 1 = 1): readonly [number, number] {
  const [first, second, ...rest]: readonly unknown[] = Array.isArray(value) ? value : [value, value];
  const problem = `The \`${argument}\` argument must be a tuple of 2 integers. Received ${argument}=${show(value)}`;
  if (!isWhole(first) || !isWhole(second) || rest.length > 0) throw valueError(problem);
  const low = new Set([first, second].filter((n) => n < least));
  if (low.size > 0) {
    const requirement = least === 0 ? ">= 0" : "> 0";
    throw valueError(
      `${problem}, including values {${[...low].join(", ")}} that do not satisfy \`value ${requirement}\``,
    );
  }
  return frozen([first, second] as const);
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}
