/** The multiply-accumulates of a model's convolutions and dense layers: what the paper counts as MAdds. */
import { knownDims, sizeOf } from "../core/shape.ts";
import type { Network } from "../graph/network.ts";
import { programOf } from "../graph/program.ts";
import { Conv2D } from "../layers/convolutional/conv2d.ts";
import { Dense } from "../layers/core/dense.ts";
import { DepthwiseConv2D } from "../layers/convolutional/depthwise-conv2d.ts";

/** MACs of one prediction; the model's input size must be known. @throws ValueError where it is not. */
export function countMacs(model: Network): number {
  const { steps, shapes } = programOf(model.graph);
  let macs = 0;
  for (const { layer, output } of steps) {
    if (!(layer instanceof Conv2D || layer instanceof DepthwiseConv2D || layer instanceof Dense)) continue;
    const outputs = sizeOf(knownDims(shapes[output]?.slice(1) ?? [], `The output shape of layer '${layer.name}'`));
    const kernel = layer.weight("kernel").shape;
    const outputChannels =
      layer instanceof DepthwiseConv2D ? (kernel[2] ?? 1) * (kernel[3] ?? 1) : (kernel.at(-1) ?? 1);
    macs += outputs * (sizeOf(kernel) / outputChannels);
  }
  return macs;
}
