/** Parts that programs of the cases are made of. */
import { Add } from "../../src/layers/merging/add.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { DepthwiseConv2D } from "../../src/layers/convolutional/depthwise-conv2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { KerasTensor } from "../../src/layers/layer.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { ZeroPadding2D } from "../../src/layers/reshaping/zero-padding2d.ts";
import { Model } from "../../src/models/model.ts";

/** An inverted residual block; every tensor in it. */
export function block(x: KerasTensor, strides: 1 | 2) {
  const channels = x.shape[3] ?? 1;
  const expand = new Conv2D({ filters: channels * 6, kernelSize: 1, useBias: false }).apply(x);
  const expandBN = new BatchNormalization().apply(expand);
  const expandRelu = new ReLU({ maxValue: 6 }).apply(expandBN);
  const pad =
    strides === 2
      ? new ZeroPadding2D({
          padding: [
            [0, 1],
            [0, 1],
          ],
        }).apply(expandRelu)
      : expandRelu;
  const depthwise = new DepthwiseConv2D({ kernelSize: 3, strides, padding: strides === 2 ? "valid" : "same" }).apply(
    pad,
  );
  const depthwiseBN = new BatchNormalization().apply(depthwise);
  const depthwiseRelu = new ReLU({ maxValue: 6 }).apply(depthwiseBN);
  const project = new Conv2D({ filters: channels, kernelSize: 1, useBias: false }).apply(depthwiseRelu);
  const projectBN = new BatchNormalization().apply(project);
  const add = strides === 1 ? new Add().apply([x, projectBN]) : projectBN;
  return { expand, expandBN, expandRelu, pad, depthwise, depthwiseBN, depthwiseRelu, project, projectBN, add };
}

/** A convolution of any picture. */
export function smallModel(): Model {
  const x = Input({ shape: [null, null, 3] });
  const y = new Conv2D({ filters: 5, kernelSize: 3, padding: "same" }).apply(x);
  return new Model({ inputs: x, outputs: new BatchNormalization().apply(y) });
}
