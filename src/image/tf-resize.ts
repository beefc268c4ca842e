/**
 * `tf.image.resize` for float32 results, as Keras's data sets call it: half-pixel centres, no antialiasing. `bilinear` and `nearest` equal
 * TensorFlow's to the bit, the others within 1e-3 of values of 0 to 255.
 */
import { show, valueError } from "../core/errors.ts";
import { type Names, checkAll } from "../core/options.ts";
import { whole } from "../core/kinds.ts";
import { TENSOR_DATA } from "../core/tensor.ts";
import { checkTargetSize } from "./target-size.ts";
import { type Part, type Pixels, interpolate } from "../core/interpolation.ts";
import { type Taps, type WeightedMethod, tapsAlong } from "./tf-taps.ts";

export type { Part, Pixels } from "../core/interpolation.ts";

/** The methods of resizing by TensorFlow's arithmetic: the `interpolation` of Keras's data sets. */
export type DatasetInterpolation = "bilinear" | "nearest" | WeightedMethod;

/** The methods in the order in which Keras lists them. */
export const datasetInterpolations: readonly DatasetInterpolation[] = [
  "bilinear",
  "nearest",
  "bicubic",
  "area",
  "lanczos3",
  "lanczos5",
  "gaussian",
  "mitchellcubic",
];

/**
 * Checks a method of resizing.
 * @throws ValueError, in Keras's words, if it is not one of these.
 */
export function checkDatasetInterpolation(interpolation: string): void {
  if (datasetInterpolations.some((known) => known === interpolation)) return;
  throw valueError(
    `Argument \`interpolation\` should be one of (${datasetInterpolations.map((name) => `'${name}'`).join(", ")}). Received: interpolation=${show(interpolation)}`,
  );
}

/**
 * Scales a part of every picture to `size`, with the values that `tf.image.resize` gives.
 *
 * @param part the part of every picture that is scaled
 * @param size the new size in pixels: `[rows, columns]`
 * @returns the new pictures, one after the other: [samples, rows, columns, channels]
 * @throws ValueError if the pixels do not fit their size, the part is not inside, or the size or the interpolation is none; LimitError for a
 *   size of more than 2^26 pixels
 */
export function resizePixels(
  pixels: Pixels,
  part: Part,
  size: readonly [number, number],
  interpolation: DatasetInterpolation,
): Float32Array<ArrayBuffer> {
  checkPixels(pixels, part);
  checkTargetSize(size);
  checkDatasetInterpolation(interpolation);
  if (interpolation === "bilinear" || interpolation === "nearest")
    return interpolate(pixels, part, size, interpolation);
  return weigh(
    pixels,
    tapsAlong(part.rows, size[0], part.top, interpolation),
    tapsAlong(part.columns, size[1], part.left, interpolation),
    size,
  );
}

const LENGTH = whole(1);
const PIXELS: Names<Pixels> = { data: TENSOR_DATA, rows: LENGTH, columns: LENGTH, channels: LENGTH };
const PART: Names<Part> = { top: whole(0), left: whole(0), rows: LENGTH, columns: LENGTH };

function checkPixels(pixels: Pixels, part: Part): void {
  checkAll("resizePixels()", pixels, PIXELS);
  checkAll("resizePixels()", part, PART);
  const { data, rows, columns, channels } = pixels;
  if (data.length === 0 || data.length % (rows * columns * channels) !== 0) {
    throw valueError(`Pictures of ${rows} × ${columns} × ${channels} have no ${data.length} values.`);
  }
  if (part.top + part.rows > rows || part.left + part.columns > columns) {
    throw valueError(`The part must be inside of ${rows} × ${columns} pixels. Received: part=${show(part)}`);
  }
}

/** Weighs the rows first, then the columns; each output is a sum of weighted inputs. */
function weigh(
  { data: from, rows: height, columns: width, channels }: Pixels,
  down: Taps,
  across: Taps,
  [rows, columns]: readonly [number, number],
): Float32Array<ArrayBuffer> {
  const rowLength = width * channels;
  const samples = from.length / (height * rowLength);
  const data = new Float32Array(samples * rows * columns * channels);
  const line = new Float64Array(rowLength);
  let at = 0;
  for (let sample = 0; sample < samples; sample++) {
    for (let y = 0; y < rows; y++) {
      line.fill(0);
      for (let tap = 0; tap < down.counts[y]!; tap++) {
        const weight = down.weights[y * down.stride + tap]!;
        const row = (sample * height + down.firsts[y]! + tap) * rowLength;
        for (let i = 0; i < rowLength; i++) line[i] = line[i]! + weight * from[row + i]!;
      }
      for (let x = 0; x < columns; x++) {
        const first = across.firsts[x]! * channels;
        for (let c = 0; c < channels; c++) {
          let sum = 0;
          for (let tap = 0; tap < across.counts[x]!; tap++) {
            sum += across.weights[x * across.stride + tap]! * line[first + tap * channels + c]!;
          }
          data[at++] = sum;
        }
      }
    }
  }
  return data;
}
