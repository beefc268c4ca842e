/** Which convolutions the depthwise kernel runs, and as what; all others are for the matrix kernels. */
import type { DwconvRow } from "../../kernels/f32/dwconv.ts";
import type { Tiling } from "../../kernels/f32/table.ts";
import type { Convolution } from "../../lowering/operations.ts";

/** Windows of more taps go through the matrix kernels, a channel at a time: their code would be too long. */
const MOST_DEPTHWISE_TAPS = 81;

type Windowed = Pick<Convolution, "groups" | "from" | "to" | "window" | "residual">;

/** True where the depthwise kernel runs this convolution. */
export function isDepthwise({ groups, from, to, window, residual }: Windowed): boolean {
  const extent = (window.cols - 1) * window.dilation[1] + 1;
  return (
    groups === from.channels &&
    groups === to.channels &&
    residual === undefined &&
    window.rows * window.cols <= MOST_DEPTHWISE_TAPS &&
    window.pads[1].every((zeros) => zeros <= extent)
  );
}

/** A row of such a convolution, as kernels have its shape in their code. */
export function depthwiseRow(
  { from, to, window }: Pick<Convolution, "from" | "to" | "window">,
  { depthwiseVectors: vectors, arithmetic }: Tiling,
): DwconvRow {
  return {
    kernelRows: window.rows,
    kernelCols: window.cols,
    stride: window.strides[1],
    dilation: window.dilation[1],
    inputCols: from.cols,
    outputCols: to.cols,
    padLeft: window.pads[1][0],
    channels: from.channels,
    vectors,
    arithmetic,
  };
}
