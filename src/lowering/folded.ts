/** What a convolution's bias and everything that was folded into it come to. */
import type { Convolution } from "./operations.ts";

/** The factor of each output channel's sum, and what is added to it then: the bias, taken through all affines. */
export function folded({ bias, affines, to }: Convolution): { scale: Float64Array; offset: Float64Array } {
  const scale = new Float64Array(to.channels).fill(1);
  const offset = bias === undefined ? new Float64Array(to.channels) : Float64Array.from(bias.values);
  for (const affine of affines) {
    const [factors, summands] = [affine.scale(), affine.offset()];
    for (let c = 0; c < to.channels; c++) {
      const factor = factors[c] ?? 1;
      scale[c] = (scale[c] ?? 1) * factor;
      offset[c] = (offset[c] ?? 0) * factor + (summands[c] ?? 0);
    }
  }
  return { scale, offset };
}
