/** Parts of pictures that are brought to another size, and the gradients of that: what `Resizing` and `CenterCrop` do. */
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import {
  type Part,
  type PixelInterpolation,
  type Pixels,
  interpolate,
  positionsAlong,
} from "../../core/interpolation.ts";
import { type Dims, sizeOf } from "../../core/shape.ts";
import { Tensor, zeros } from "../../core/tensor.ts";

/** What is resized: a part of pictures that may have been padded. */
export interface Source {
  /** The rows that were put above every picture, and below it. */
  readonly top: number;
  /** The columns that were put on the left of every picture, and on its right. */
  readonly left: number;
  /** The part of the padded pictures. */
  readonly part: Part;
}

/** The most pixels of a new picture. */
const MAX_PIXELS = 2 ** 26;

/**
 * The new rows and columns.
 * @throws ValueError if they are no whole numbers of 1 or more; LimitError for more than 2^26 pixels.
 */
export function sizeArguments({
  height,
  width,
}: {
  readonly height: unknown;
  readonly width: unknown;
}): readonly [number, number] {
  const size = [sideArgument(height, "height"), sideArgument(width, "width")] as const;
  if (sizeOf(size) <= MAX_PIXELS) return size;
  throw new MobileNetV2Error(
    "LimitError",
    `A picture of ${size[0]} × ${size[1]} pixels is too large. The limit is ${MAX_PIXELS} pixels.`,
  );
}

function sideArgument(value: unknown, argument: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw valueError(`Argument \`${argument}\` must be a positive integer. Received: ${argument}=${show(value)}`);
}

/** The resized pictures. @throws LimitError for more than 2^30 values. */
export function resized(
  x: Tensor<Float32Array>,
  source: Source,
  size: readonly [number, number],
  interpolation: PixelInterpolation,
  fillValue = 0,
): Tensor<Float32Array> {
  const [batch = 0, , , channels = 0] = x.shape;
  const output = zeros([batch, ...size, channels]);
  if (x.size === 0) return output;
  const padded = paddedBy(x, source, fillValue);
  const [, rows = 0, columns = 0] = padded.shape;
  const pixels: Pixels = { data: padded.data, rows, columns, channels };
  const data = new Float32Array(output.size);
  return new Tensor(output.shape, interpolate(pixels, source.part, size, interpolation, data));
}

function paddedBy(x: Tensor<Float32Array>, { top, left }: Source, value: number): Tensor<Float32Array> {
  if (top === 0 && left === 0) return x;
  const [batch = 0, rows = 0, columns = 0, channels = 0] = x.shape;
  const padded = zeros([batch, rows + 2 * top, columns + 2 * left, channels]);
  padded.data.fill(value);
  for (let line = 0; line < batch * rows; line++) {
    const row = Math.floor(line / rows) * (rows + 2 * top) + top + (line % rows);
    const from = x.data.subarray(line * columns * channels, (line + 1) * columns * channels);
    padded.data.set(from, (row * (columns + 2 * left) + left) * channels);
  }
  return padded;
}

/** The gradient with respect to the pictures, of that with respect to the resized ones. */
export function resizedGradient(
  shape: Dims,
  { top, left, part }: Source,
  [height, width]: readonly [number, number],
  interpolation: PixelInterpolation,
  gradient: Float64Array,
): Float64Array {
  const [batch = 0, rows = 0, columns = 0, channels = 0] = shape;
  const result = new Float64Array(sizeOf(shape));
  const down = sharesOf(part.rows, height, part.top - top, interpolation);
  const across = sharesOf(part.columns, width, part.left - left, interpolation);
  for (let place = 0; place < batch * height * width; place++) {
    const sample = Math.floor(place / (height * width));
    for (const [row, rowShare] of down(Math.floor(place / width) % height)) {
      for (const [column, columnShare] of across(place % width)) {
        if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
        const to = ((sample * rows + row) * columns + column) * channels;
        for (let c = 0; c < channels; c++) {
          const given = (gradient[place * channels + c] ?? NaN) * rowShare * columnShare;
          result[to + c] = (result[to + c] ?? NaN) + given;
        }
      }
    }
  }
  return result;
}

/** For a new position along an axis, the two old ones and how much each of them counts. */
function sharesOf(
  inSize: number,
  outSize: number,
  start: number,
  interpolation: PixelInterpolation,
): (i: number) => readonly (readonly [position: number, share: number])[] {
  const { lower, upper, fraction } = positionsAlong(inSize, outSize, start, interpolation);
  return (i) => {
    const part = fraction[i] ?? NaN;
    return [
      [lower[i] ?? NaN, 1 - part],
      [upper[i] ?? NaN, part],
    ];
  };
}
