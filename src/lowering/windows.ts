/** Windows that run over pictures, as those of convolutions and pools do, with Keras's padding in numbers. */
import { type Padding, type Padding2D, paddingAlong } from "../core/padding.ts";
import type { Picture } from "./picture.ts";

export interface Window {
  readonly rows: number;
  readonly cols: number;
  /** Pixels from one place of the window to the next: down, and to the right. */
  readonly strides: readonly [number, number];
  /** Pixels from one tap of the window to the next: down, and to the right. */
  readonly dilation: readonly [number, number];
  /** Zeros around the input, [[top, bottom], [left, right]]. */
  readonly pads: Padding2D;
}

export const NO_PADS: Padding2D = [
  [0, 0],
  [0, 0],
];

/** The window of a single pixel, which stands on every pixel once. */
export const UNIT_WINDOW: Window = { rows: 1, cols: 1, strides: [1, 1], dilation: [1, 1], pads: NO_PADS };

/** What a layer with a window says of it. */
interface Windowed {
  readonly kernelSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilationRate: readonly [number, number];
  readonly padding: Padding;
}

/** The window of a layer over a picture of this size, with the zeros that `padding` stands for. */
export function windowOf({ kernelSize, strides, dilationRate, padding }: Windowed, { rows, cols }: Picture): Window {
  const along = (axis: 0 | 1, length: number): readonly [number, number] =>
    paddingAlong(length, (kernelSize[axis] - 1) * dilationRate[axis] + 1, strides[axis], padding);
  return {
    rows: kernelSize[0],
    cols: kernelSize[1],
    strides,
    dilation: dilationRate,
    pads: [along(0, rows), along(1, cols)],
  };
}

/** Whether there are zeros around the input. */
export function hasPads({ pads }: Window): boolean {
  return pads.flat().some((zeros) => zeros > 0);
}
