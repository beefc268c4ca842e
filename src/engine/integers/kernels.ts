/** The variant of the kernel that computes an integer convolution, and how its weights are packed for it. */
import { type I8DwconvVariant, packI8Dwconv, packedI8DwconvSize } from "../../kernels/i8/dwconv.ts";
import { type I8Matrix, groupsOf, packI8Gemm, packedI8GemmSize } from "../../kernels/i8/gemm.ts";
import { ACTIVATION_BYTES, STORED_ZERO } from "../../kernels/i8/parts.ts";
import type { IntegerSums, PackedBytes } from "./operations.ts";

/** The most pieces into which a depthwise convolution is cut: each has scratch memory of its own. */
export const DEPTHWISE_PIECES = 28;

/** The depthwise kernel of a convolution. */
export function depthwiseVariant({ mode, wide, results, window, from, to }: IntegerSums): I8DwconvVariant {
  const stride = window.strides[0] === 2 ? 2 : 1;
  return {
    mode,
    wide: wide && results === "integers",
    output: results,
    stride,
    rows: stride === 1 && to.rows > 1 ? 2 : 1,
    inputCols: from.cols,
    outputCols: to.cols,
    padLeft: window.pads[1][0],
    channels: from.channels,
  };
}

/** The matrix of a convolution. */
export function matrixOf({ mode, residual, window, from, to }: IntegerSums): I8Matrix {
  // Neighbouring pixels of a window row are one stretch.
  const joined = window.dilation[1] === 1;
  return {
    mode,
    add: residual !== undefined,
    runs: window.rows * (joined ? 1 : window.cols),
    k: (joined ? window.cols : 1) * from.channels,
    n: to.channels,
  };
}

/** The matrix kernel's `window` arguments: the rows of the window and the stretches of each, and the bytes from the end of a stretch to the next one and to the next row. */
export function windowOf(operation: IntegerSums): readonly number[] | undefined {
  const { window, from, mode } = operation;
  if (window.rows * window.cols === 1) return undefined;
  const { k, runs } = matrixOf(operation);
  const pixel = from.channels * ACTIVATION_BYTES[mode];
  const walked = groupsOf(mode, k) * 4;
  const cols = runs / window.rows;
  const step = window.dilation[1] * pixel;
  const colSkip = step - walked;
  return [window.rows, cols, colSkip, window.dilation[0] * from.cols * pixel - cols * step];
}

/** How the weights are packed. */
export function weightsOf(operation: IntegerSums): PackedBytes {
  const { kernel: weights, starts, factors, residual } = operation;
  const common = { key: "integers", sources: [weights] };
  if (operation.by === "depthwise") {
    const variant = depthwiseVariant(operation);
    return {
      ...common,
      bytes: packedI8DwconvSize(variant),
      pack: (to) => packI8Dwconv(to, variant, { weights, starts, factors }),
    };
  }
  const matrix = matrixOf(operation);
  return {
    ...common,
    bytes: packedI8GemmSize(matrix),
    pack: (to) => packI8Gemm(to, matrix, { weights, starts, factors, residualFactor: residual?.factor }),
  };
}

/** A row of a depthwise convolution's padding. */
export function outsideOf({ mode, padding, from, by }: IntegerSums): PackedBytes {
  const numbers = by === "depthwise" ? from.cols * from.channels : 0;
  const stored = padding + STORED_ZERO[mode];
  return {
    key: `${numbers} ${stored}`,
    sources: [],
    bytes: numbers * ACTIVATION_BYTES[mode],
    pack: (to) => {
      if (mode === "i16") new Int16Array(to.buffer, to.byteOffset, numbers).fill(stored);
      else to.fill(stored);
    },
  };
}
