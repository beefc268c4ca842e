/** Sliding windows over rows and columns: what convolutions and pools have in common (TensorFlow's `valid` and `same`). */
import { type Padding, paddingAlong, windowOutputLength } from "../core/padding.ts";
import type { Dims, Shape } from "../core/shape.ts";

export interface Window2D {
  /** Rows and columns. */
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  /** The distance between neighbouring taps; 1 is a dense window. */
  readonly dilation: readonly [number, number];
  readonly padding: Padding;
}

/** The rows and columns of what a window gives over an input (batch, rows, cols, channels); null where the input's are. */
export function windowOutput(shape: Shape, window: Window2D): readonly [number | null, number | null] {
  const along = (axis: 0 | 1): number | null =>
    windowOutputLength(shape[axis + 1] ?? null, extent(window, axis), window.strides[axis], window.padding);
  return [along(0), along(1)];
}

/** True where a picture is too small for a `valid` window: the output would have no place. */
export function isTooSmall([rows, cols]: readonly [number | null, number | null], { padding }: Window2D): boolean {
  return padding === "valid" && ((rows !== null && rows <= 0) || (cols !== null && cols <= 0));
}

/**
 * Puts the window on every place of a batch, in order. `onTap` gets the pixel under each tap that lies inside the picture, and
 * the tap's number in the window, row by row; `onPlace` comes after a place's taps with the output pixel's number. Pixels are
 * counted over the whole batch, so that times the channels they are offsets.
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

/** A place along one axis: where the first tap lies (it can be outside), and which taps [from, to) lie inside. */
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

/** How many pixels a window spans along an axis. */
function extent(window: Window2D, axis: 0 | 1): number {
  return window.dilation[axis] * (window.size[axis] - 1) + 1;
}
