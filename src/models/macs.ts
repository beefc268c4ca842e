/** The number of multiply-accumulate operations of a model, the paper's MAdds (arXiv 1801.04381). */
import { check } from "../core/kinds.ts";
import { knownDims, sizeOf } from "../core/shape.ts";
import { MODEL, type Network } from "../graph/network.ts";
import { programOf } from "../graph/program.ts";
import { Conv2D } from "../layers/convolutional/conv2d.ts";
import { Dense } from "../layers/core/dense.ts";
import { DepthwiseConv2D } from "../layers/convolutional/depthwise-conv2d.ts";

/**
 * The number of multiply-accumulate operations of a prediction of one sample, in convolutions and dense layers.
 * @throws ValueError if the model's input size is not fixed
 */
export function countMacs(model: Network): number {
  check("countMacs()", "model", model, MODEL);
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
