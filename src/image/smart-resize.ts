/**
 * Keras's `smart_resize`: the centred part of a tensor with the target's proportions, resized in float32 with the
 * arithmetic of `tf.image.resize` (half-pixel centres, no antialiasing), as Keras's data sets do it.
 */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { checkTargetSize } from "./resize.ts";

export interface SmartResizeOptions {
  /** Default: `"bilinear"`. */
  readonly interpolation?: "bilinear" | "nearest" | undefined;
}

/** Where each output position reads along an axis: two source positions, and how far between them. */
interface Positions {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly fraction: Float32Array;
}

function positions(inSize: number, outSize: number, start: number, interpolation: "bilinear" | "nearest"): Positions {
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

/** The length and the start of the centred part along one axis: Keras's arithmetic. */
function centred(size: number, other: number, target: number, otherTarget: number): readonly [number, number] {
  const length = Math.max(Math.min(size, Math.trunc((other * target) / otherTarget)), 1);
  return [length, Math.trunc((size - length) / 2)];
}

/**
 * Resizes `[rows, columns, channels]` or `[samples, rows, columns, channels]` to `size` (`[rows, columns]`) without
 * changing proportions: what does not fit is cut off on both sides.
 *
 * @throws ValueError for another rank or an impossible size, in Keras's words; UnsupportedError for the interpolations
 *   of Keras other than `"bilinear"` and `"nearest"`.
 */
export function smartResize(
  x: Tensor,
  size: readonly [number, number],
  options: SmartResizeOptions = {},
): Tensor<Float32Array> {
  const { interpolation = "bilinear" } = options;
  if (size.length !== 2) throw valueError(`Expected \`size\` to be a tuple of 2 integers, but got: ${String(size)}.`);
  checkTargetSize(size);
  const [height, width, channels] = x.shape.slice(-3);
  if (x.shape.length > 4 || height === undefined || width === undefined || channels === undefined || x.size === 0) {
    throw valueError(
      `Expected an image array with shape \`(height, width, channels)\`, or \`(batch_size, height, width, channels)\`, but got input with incorrect rank, of shape ${formatShape(x.shape)}.`,
    );
  }
  if (interpolation !== "bilinear" && interpolation !== "nearest") {
    throw new MobileNetV2Error(
      "UnsupportedError",
      `smartResize interpolates "bilinear" or "nearest". Received: interpolation=${JSON.stringify(interpolation)}. loadImg has more.`,
    );
  }
  const [rows, columns] = size;
  const [cropHeight, top] = centred(height, width, rows, columns);
  const [cropWidth, left] = centred(width, height, columns, rows);
  const down = positions(cropHeight, rows, top, interpolation);
  const across = positions(cropWidth, columns, left, interpolation);
  const from = x.data;
  const samples = x.size / (height * width * channels);
  const data = new Float32Array(samples * rows * columns * channels);
  let at = 0;
  for (let sample = 0; sample < samples; sample++) {
    for (let y = 0; y < rows; y++) {
      const upperRow = (sample * height + down.lower[y]!) * width;
      const lowerRow = (sample * height + down.upper[y]!) * width;
      const yFraction = down.fraction[y]!;
      for (let column = 0; column < columns; column++) {
        const [left1, right1] = [across.lower[column]!, across.upper[column]!];
        const xFraction = across.fraction[column]!;
        for (let c = 0; c < channels; c++) {
          const above = between(
            from[(upperRow + left1) * channels + c]!,
            from[(upperRow + right1) * channels + c]!,
            xFraction,
          );
          const below = between(
            from[(lowerRow + left1) * channels + c]!,
            from[(lowerRow + right1) * channels + c]!,
            xFraction,
          );
          data[at++] = between(above, below, yFraction);
        }
      }
    }
  }
  return new Tensor([...x.shape.slice(0, -3), rows, columns, channels], data);
}

function between(from: number, to: number, fraction: number): number {
  return Math.fround(from + Math.fround(Math.fround(to - from) * fraction));
}
