/**
 * Pictures of another size by `tf.image.resize` without antialiasing, with half-pixel centres: bilinear, and the nearest pixel. Layers
 * and the loading of pictures share it.
 */
import type { TensorData } from "./tensor.ts";

export type PixelInterpolation = "bilinear" | "nearest";

/** Pictures of one size, one after the other in memory: [samples, rows, columns, channels]. */
export interface Pixels {
  /** The samples; their number is a multiple of rows × columns × channels. */
  readonly data: TensorData;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
}

/** A rectangle in whole pixels, inside every picture. */
export interface Part {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
}

/** The centred part of a picture that has the proportions of `size`, by Keras's arithmetic. */
export function smartResizePart(height: number, width: number, [rows, columns]: readonly [number, number]): Part {
  const [partRows, top] = centred(height, width, rows, columns);
  const [partColumns, left] = centred(width, height, columns, rows);
  return { top, left, rows: partRows, columns: partColumns };
}

/** The length and the start of the centred part along one axis. */
function centred(size: number, other: number, target: number, otherTarget: number): readonly [number, number] {
  const length = Math.max(Math.min(size, Math.trunc((other * target) / otherTarget)), 1);
  return [length, Math.trunc((size - length) / 2)];
}

/** For every output position along an axis: the two source positions that it lies between, and how far it is from the lower one. */
export interface Positions {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly fraction: Float32Array;
}

/** The positions of an axis of `outSize` pixels among those of `inSize` pixels that begin at `start`. */
export function positionsAlong(
  inSize: number,
  outSize: number,
  start: number,
  interpolation: PixelInterpolation,
): Positions {
  const scale = Math.fround(inSize / outSize);
  const lower = new Int32Array(outSize);
  const upper = new Int32Array(outSize);
  const fraction = new Float32Array(outSize);
  for (let i = 0; i < outSize; i++) {
    const center = Math.fround(Math.fround(i + 0.5) * scale);
    const at = interpolation === "nearest" ? Math.floor(center) : Math.fround(center - 0.5);
    const floor = Math.floor(at);
    lower[i] = start + Math.min(Math.max(floor, 0), inSize - 1);
    upper[i] = start + Math.min(Math.ceil(at), inSize - 1);
    fraction[i] = at - floor;
  }
  return { lower, upper, fraction };
}

/**
 * Scales a part of every picture to `size`; the results are float32, to the bit as TensorFlow has them.
 * @param into where the new pictures are written. Default: a new array.
 */
export function interpolate(
  { data: from, rows: height, columns: width, channels }: Pixels,
  part: Part,
  [rows, columns]: readonly [number, number],
  interpolation: PixelInterpolation,
  into?: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const down = positionsAlong(part.rows, rows, part.top, interpolation);
  const across = positionsAlong(part.columns, columns, part.left, interpolation);
  const samples = from.length / (height * width * channels);
  const data = into ?? new Float32Array(samples * rows * columns * channels);
  let at = 0;
  for (let sample = 0; sample < samples; sample++) {
    for (let y = 0; y < rows; y++) {
      const upperRow = (sample * height + down.lower[y]!) * width;
      const lowerRow = (sample * height + down.upper[y]!) * width;
      const yFraction = down.fraction[y]!;
      for (let column = 0; column < columns; column++) {
        const [left, right] = [across.lower[column]!, across.upper[column]!];
        const xFraction = across.fraction[column]!;
        for (let c = 0; c < channels; c++) {
          const above = between(
            from[(upperRow + left) * channels + c]!,
            from[(upperRow + right) * channels + c]!,
            xFraction,
          );
          const below = between(
            from[(lowerRow + left) * channels + c]!,
            from[(lowerRow + right) * channels + c]!,
            xFraction,
          );
          data[at++] = between(above, below, yFraction);
        }
      }
    }
  }
  return data;
}

function between(from: number, to: number, fraction: number): number {
  return Math.fround(from + Math.fround(Math.fround(to - from) * fraction));
}
