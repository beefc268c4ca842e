/** Models of every layer that is written as ONNX, at sizes where paddings differ before and after. */
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { Activation } from "../../../src/layers/activations/activation.ts";
import { Add } from "../../../src/layers/merging/add.ts";
import { AveragePooling2D } from "../../../src/layers/pooling/average-pooling2d.ts";
import { BatchNormalization } from "../../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import { DepthwiseConv2D } from "../../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../../src/layers/regularization/dropout.ts";
import { Flatten } from "../../../src/layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../../src/layers/pooling/global-max-pooling2d.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import type { KerasTensor, Layer } from "../../../src/layers/layer.ts";
import { ReLU } from "../../../src/layers/activations/relu.ts";
import { Rescaling } from "../../../src/layers/preprocessing/rescaling.ts";
import { Reshape } from "../../../src/layers/reshaping/reshape.ts";
import { Softmax } from "../../../src/layers/activations/softmax.ts";
import { ZeroPadding2D } from "../../../src/layers/reshaping/zero-padding2d.ts";
import { Model } from "../../../src/models/model.ts";
import { Sequential } from "../../../src/models/sequential.ts";
import { seedWeights } from "../../support/seeded.ts";

type AnyModel = Model | Sequential;

function leaves(model: AnyModel): readonly Layer[] {
  return model.layers.flatMap((layer) =>
    layer instanceof Model || layer instanceof Sequential ? leaves(layer) : [layer],
  );
}

function seeded<M extends AnyModel>(model: M): M {
  seedWeights({ layers: leaves(model) }, "onnx");
  return model;
}

export function functional(shape: readonly number[], build: (x: KerasTensor) => KerasTensor): Model {
  const input = Input({ shape });
  return seeded(new Model({ inputs: input, outputs: build(input) }));
}

async function base(shape: readonly [number, number, number]): Promise<Model> {
  return MobileNetV2({ alpha: 0.35, weights: null, inputShape: shape, includeTop: false });
}

export const MODELS: Readonly<Record<string, () => Promise<AnyModel>>> = {
  MobileNetV2: async () =>
    seeded(await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 5 })),
  "MobileNetV2 without top": async () => seeded(await base([32, 32, 3])),
  "MobileNetV2 within a Sequential": async () =>
    seeded(
      new Sequential([
        Input({ shape: [32, 32, 3] }),
        new Rescaling({ scale: 1 / 127.5, offset: -1 }),
        await base([32, 32, 3]),
        new GlobalAveragePooling2D(),
        new Dropout({ rate: 0.2 }),
        new Dense({ units: 3, activation: "softmax" }),
      ]),
    ),
  "strides, dilations, groups, paddings": async () =>
    functional([13, 10, 4], (input) => {
      let x = new Rescaling({ scale: [1, 2, 3, 4], offset: [0, 1, 0, 1] }).apply(input);
      x = new Conv2D({ filters: 6, kernelSize: [3, 2], strides: 2, padding: "same", activation: "relu6" }).apply(x);
      x = new Conv2D({ filters: 8, kernelSize: 3, dilationRate: 2, padding: "same", groups: 2 }).apply(x);
      x = new ZeroPadding2D({
        padding: [
          [0, 1],
          [2, 0],
        ],
      }).apply(x);
      return new DepthwiseConv2D({ kernelSize: 3, depthMultiplier: 2, activation: "tanh" }).apply(x);
    }),
  "pools, sums, reshapes": async () =>
    functional([8, 9, 6], (input) => {
      const a = new AveragePooling2D({ poolSize: 2, padding: "same" }).apply(input);
      const b = new Conv2D({ filters: 6, kernelSize: 2, strides: 2, padding: "same", useBias: false }).apply(input);
      const sum = new Add().apply([a, new BatchNormalization({ scale: false }).apply(b), a]);
      const dense = new Dense({ units: 5, activation: "elu" }).apply(sum);
      const vector = new Reshape({ targetShape: [10, 10] }).apply(dense);
      return new Softmax().apply(new Flatten().apply(vector));
    }),
  activations: async () =>
    functional([4, 4, 3], (input) => {
      let x = input;
      for (const name of [
        "sigmoid",
        "hard_silu",
        "leaky_relu",
        "softplus",
        "softsign",
        "hard_sigmoid",
        "exponential",
        "linear",
      ] as const) {
        x = new Activation({ activation: name }).apply(x);
      }
      x = new ReLU({ negativeSlope: 0.3 }).apply(x);
      return new ReLU({ maxValue: 2 }).apply(new GlobalMaxPooling2D().apply(new ReLU().apply(x)));
    }),
};

/** A batch of two. */
export function sizesOf(model: AnyModel): readonly number[] {
  return model.input.shape.map((axis) => axis ?? 2);
}
