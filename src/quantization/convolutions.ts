/** Which convolutions become integers: whoever runs a quantized network has to have all of these. */
import type { Convolution } from "../lowering/operations.ts";
import { MOST_PRODUCTS } from "./requantize.ts";

/** Whether a convolution can be integers: one of all channels whose sums fit 32 bits, or a depthwise one of 3 × 3 with small strides. */
export function canBeIntegers({ from, to, window, groups, residual }: Convolution): boolean {
  const { rows, cols, strides, dilation, pads } = window;
  if (to.rows * to.cols * to.channels === 0) return false;
  if (groups === 1) return rows * cols * from.channels <= MOST_PRODUCTS;
  return (
    groups === from.channels &&
    groups === to.channels &&
    residual === undefined &&
    [rows, cols].every((size) => size === 3) &&
    [...dilation].every((step) => step === 1) &&
    strides[0] === strides[1] &&
    strides[0] <= 2 &&
    pads.flat().every((zeros) => zeros <= 1)
  );
}
