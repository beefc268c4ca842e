/** Which convolutions the depthwise kernel runs; all others are for the matrix kernels. */
import type { Convolution } from "./operations.ts";

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
