/** Pictures and the windows that run over them. */
import type { Padding2D } from "../core/padding.ts";

/** A channels-last picture's axes. */
export interface Picture {
  readonly rows: number;
  readonly cols: number;
  readonly channels: number;
}

export interface Window {
  readonly rows: number;
  readonly cols: number;
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Zeros around the input, [[top, bottom], [left, right]]. */
  readonly pads: Padding2D;
}
