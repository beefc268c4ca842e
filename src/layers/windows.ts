/** Sliding windows over rows and columns, which convolutions and pools share (TensorFlow's `valid` and `same`). */
import { type Padding, paddingAlong, windowOutputLength } from "../core/padding.ts";
import type { Dims, Shape } from "../core/shape.ts";

/** A window that slides over the rows and columns of a picture. All lengths are in pixels. */
export interface Window2D {
  /** The rows and columns of the window, in taps. */
  readonly size: readonly [number, number];
  /** The step between neighbouring places of the window, along rows and columns. */
  readonly strides: readonly [number, number];
  /** The distance between neighbouring taps, along rows and columns; it is 1 for a dense window. */
  readonly dilation: readonly [number, number];
  /** The padding mode, `valid` or `same`. */
  readonly padding: Padding;
}

/** The rows and columns of the output of a window over an input of shape (batch, rows, columns, channels); each is null if the input's is. */
export function windowOutput(shape: Shape, window: Window2D): readonly [number | null, number | null] {
  const along = (axis: 0 | 1): number | null =>
    windowOutputLength(shape[axis + 1] ?? null, extent(window, axis), window.strides[axis], window.padding);
  return [along(0), along(1)];
}

/** Whether a picture is too small for a `valid` window, given the rows and columns of the output. */
export function isTooSmall([rows, cols]: readonly [number | null, number | null], { padding }: Window2D): boolean {
  return padding === "valid" && ((rows !== null && rows <= 0) || (cols !== null && cols <= 0));
}

/**
 * Visits every place of the window in a batch, in row-major order. For each tap that lies inside the picture, `onTap` receives the number
 * of the pixel under it and the number of the tap in the window, row by row. After the taps of a place, `onPlace` receives the number of
 * the output pixel. Pixels are counted over the whole batch, so that a pixel's number times the number of channels is its offset in the
 * data.
 */
export function slideWindow(
  shape: Dims,
  window: Window2D,
  onTap: (pixel: number, tap: number) => void,
  onPlace: (output: number) => void,
): void {
  const [batch = 0, rows = 0, cols = 0] = shape;
  const placesDown = placesAlong(rows, window, 0);
  const placesAcross = placesAlong(cols, window, 1);
  let output = 0;
  for (let n = 0; n < batch; n++) {
    for (const down of placesDown) {
      for (const across of placesAcross) {
        for (let ky = down.from; ky < down.to; ky++) {
          const row = (n * rows + down.start + ky * window.dilation[0]) * cols;
          for (let kx = across.from; kx < across.to; kx++) {
            onTap(row + across.start + kx * window.dilation[1], ky * window.size[1] + kx);
          }
        }
        onPlace(output++);
      }
    }
  }
}

/**
 * One place of the window along one axis: the position of its first tap, which may lie outside the picture, and the taps that lie inside:
 * from `from` up to, not including, `to`.
 */
interface Place {
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

function placesAlong(length: number, window: Window2D, axis: 0 | 1): readonly Place[] {
  const stride = window.strides[axis];
  const dilation = window.dilation[axis];
  const [before] = paddingAlong(length, extent(window, axis), stride, window.padding);
  const count = windowOutputLength(length, extent(window, axis), stride, window.padding) ?? 0;
  return Array.from({ length: Math.max(0, count) }, (_, place) => {
    const start = place * stride - before;
    return {
      start,
      from: Math.max(0, Math.ceil(-start / dilation)),
      to: Math.min(window.size[axis], Math.ceil((length - start) / dilation)),
    };
  });
}

/** The number of pixels that a window spans along an axis. */
function extent(window: Window2D, axis: 0 | 1): number {
  return window.dilation[axis] * (window.size[axis] - 1) + 1;
}
