/** Every operation of the training engine against the layers' own gradients: odd shapes, batches, views that several read. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Add } from "../../../src/layers/merging/add.ts";
import { Activation } from "../../../src/layers/activations/activation.ts";
import { AveragePooling2D } from "../../../src/layers/pooling/average-pooling2d.ts";
import { BatchNormalization } from "../../../src/layers/normalization/batch-normalization.ts";
import { CenterCrop } from "../../../src/layers/preprocessing/center-crop.ts";
import { Concatenate } from "../../../src/layers/merging/concatenate.ts";
import { Conv2D } from "../../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import { DepthwiseConv2D } from "../../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../../src/layers/regularization/dropout.ts";
import { Flatten } from "../../../src/layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../../src/layers/pooling/global-max-pooling2d.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import type { KerasTensor } from "../../../src/layers/layer.ts";
import { MaxPooling2D } from "../../../src/layers/pooling/max-pooling2d.ts";
import { ReLU } from "../../../src/layers/activations/relu.ts";
import { Rescaling } from "../../../src/layers/preprocessing/rescaling.ts";
import { Resizing } from "../../../src/layers/preprocessing/resizing.ts";
import { Softmax } from "../../../src/layers/activations/softmax.ts";
import { ZeroPadding2D } from "../../../src/layers/reshaping/zero-padding2d.ts";
import { features as machine } from "../../../src/wasm/features.ts";
import { PLAIN, seededProgram, seededTensors } from "../run.ts";
import { trainingDifference } from "./run.ts";

type Build = (x: KerasTensor) => KerasTensor | readonly KerasTensor[];

interface Case {
  readonly shape?: readonly number[];
  readonly batches?: readonly number[];
  readonly build: Build;
  /** Outputs whose gradients are wanted. */
  readonly outputs?: readonly number[];
}

const relu6 = (): ReLU => new ReLU({ maxValue: 6 });

const CASES: Readonly<Record<string, Case>> = {
  Dense: { shape: [13], build: (x) => new Dense({ units: 7 }).apply(x) },
  "Dense, softmax": { shape: [9], build: (x) => new Dense({ units: 5, activation: "softmax" }).apply(x) },
  "Dense on pictures, sigmoid": { build: (x) => new Dense({ units: 5, activation: "sigmoid" }).apply(x) },
  "two of them": {
    shape: [9],
    build: (x) => new Dense({ units: 3 }).apply(new Dense({ units: 20, activation: "relu" }).apply(x)),
  },
  "pointwise convolutions": {
    build: (x) => {
      const once = new Conv2D({ filters: 17, kernelSize: 1 }).apply(x);
      return new Conv2D({ filters: 8, kernelSize: 1, useBias: false }).apply(once);
    },
  },
  "pointwise, normalized, bounded": {
    build: (x) => {
      const once = new Conv2D({ filters: 17, kernelSize: 1, useBias: false }).apply(x);
      const bounded = relu6().apply(new BatchNormalization({ momentum: 0.9 }).apply(once));
      return new BatchNormalization().apply(new Conv2D({ filters: 6, kernelSize: 1 }).apply(bounded));
    },
  },
  "depthwise, normalized, bounded": {
    build: (x) => {
      const once = new Conv2D({ filters: 12, kernelSize: 1, useBias: false }).apply(x);
      const bounded = relu6().apply(new BatchNormalization({ momentum: 0.9 }).apply(once));
      const deep = new DepthwiseConv2D({ kernelSize: 3, padding: "same" }).apply(bounded);
      return relu6().apply(new BatchNormalization({ scale: false }).apply(deep));
    },
  },
};

for (const [rows, cols] of [
  [9, 7],
  [8, 8],
  [1, 5],
] as const) {
  for (const strides of [1, 2, 3] as const) {
    for (const padding of ["same", "valid"] as const) {
      if (rows === 1 && padding === "valid") continue;
      Object.assign(CASES, {
        [`depthwise ${rows} × ${cols}, strides ${strides}, ${padding}`]: {
          shape: [rows, cols, 5],
          build: (x: KerasTensor) => {
            const once = new DepthwiseConv2D({ kernelSize: 3, padding: "same" }).apply(x);
            return new DepthwiseConv2D({ kernelSize: 3, strides, padding }).apply(new BatchNormalization().apply(once));
          },
        } satisfies Case,
        [`convolution ${rows} × ${cols}, strides ${strides}, ${padding}`]: {
          shape: [rows, cols, 5],
          build: (x: KerasTensor) => {
            const once = new Conv2D({ filters: 7, kernelSize: [3, 2], padding: "same" }).apply(x);
            return new Conv2D({ filters: 9, kernelSize: 3, strides, padding }).apply(
              new BatchNormalization().apply(once),
            );
          },
        } satisfies Case,
      });
    }
  }
}

Object.assign(CASES, {
  "5 × 5 depthwise after zeros, strides 2": {
    shape: [14, 14, 4],
    build: (x) => {
      const padded = new ZeroPadding2D({
        padding: [
          [1, 2],
          [2, 1],
        ],
      }).apply(relu6().apply(new Conv2D({ filters: 6, kernelSize: 1 }).apply(x)));
      return new DepthwiseConv2D({ kernelSize: 5, strides: 2 }).apply(padded);
    },
  },
  dilated: {
    shape: [11, 12, 3],
    build: (x) => {
      const once = new DepthwiseConv2D({ kernelSize: 3, dilationRate: 2, padding: "same" }).apply(x);
      return new Conv2D({ filters: 4, kernelSize: 3, dilationRate: 3, padding: "same" }).apply(once);
    },
  },
  "groups, depth multiplier: on the host": {
    shape: [6, 5, 4],
    build: (x) => {
      const once = new Conv2D({ filters: 6, kernelSize: 3, groups: 2, activation: "relu" }).apply(x);
      return new DepthwiseConv2D({ kernelSize: 2, depthMultiplier: 2 }).apply(new BatchNormalization().apply(once));
    },
  },
  "padding whose gradient is wanted": {
    build: (x) => {
      const once = new Conv2D({ filters: 6, kernelSize: 1 }).apply(x);
      const padded = new ZeroPadding2D({ padding: 1 }).apply(once);
      return [padded, new DepthwiseConv2D({ kernelSize: 3 }).apply(padded)];
    },
    outputs: [0, 1],
  },
  "a value that three read": {
    build: (x) => {
      const once = new BatchNormalization().apply(new Conv2D({ filters: 8, kernelSize: 1 }).apply(x));
      const bounded = relu6().apply(once);
      const deep = new DepthwiseConv2D({ kernelSize: 3, padding: "same" }).apply(bounded);
      const sum = new Add().apply([bounded, deep, once, bounded]);
      return new Conv2D({ filters: 3, kernelSize: 1 }).apply(sum);
    },
  },
  "residual blocks": {
    build: (x) => {
      const block = (input: KerasTensor): KerasTensor => {
        const expanded = relu6().apply(
          new BatchNormalization().apply(new Conv2D({ filters: 24, kernelSize: 1, useBias: false }).apply(input)),
        );
        const deep = relu6().apply(
          new BatchNormalization().apply(
            new DepthwiseConv2D({ kernelSize: 3, padding: "same", useBias: false }).apply(expanded),
          ),
        );
        const projected = new BatchNormalization().apply(
          new Conv2D({ filters: 8, kernelSize: 1, useBias: false }).apply(deep),
        );
        return new Add().apply([input, projected]);
      };
      const start = new BatchNormalization().apply(new Conv2D({ filters: 8, kernelSize: 1 }).apply(x));
      return new GlobalAveragePooling2D().apply(block(block(start)));
    },
  },
  "normalizations of the same sums": {
    build: (x) => {
      const once = new Conv2D({ filters: 8, kernelSize: 1 }).apply(x);
      const [a, b] = [new BatchNormalization().apply(once), relu6().apply(new BatchNormalization().apply(once))];
      return new Dense({ units: 3 }).apply(new Add().apply([a, b, once]));
    },
  },
  "normalization of the input, of a sum, of a mean": {
    build: (x) => {
      const one = new BatchNormalization().apply(x);
      const two = new BatchNormalization().apply(new Add().apply([one, x]));
      return new BatchNormalization().apply(new GlobalAveragePooling2D().apply(two));
    },
  },
  "a layer applied twice": {
    build: (x) => {
      const conv = new Conv2D({ filters: 5, kernelSize: 1 });
      const deep = new DepthwiseConv2D({ kernelSize: 3, padding: "same" });
      const bn = new BatchNormalization({ momentum: 0.5 });
      const dense = new Dense({ units: 5 });
      const once = bn.apply(deep.apply(conv.apply(x)));
      return dense.apply(dense.apply(bn.apply(deep.apply(conv.apply(once)))));
    },
  },
  "an output in the middle, whose gradient is wanted": {
    build: (x) => {
      const once = new BatchNormalization().apply(new Conv2D({ filters: 8, kernelSize: 1 }).apply(x));
      const bounded = relu6().apply(once);
      const head = new Dense({ units: 4, activation: "softmax" }).apply(new GlobalAveragePooling2D().apply(bounded));
      return [bounded, once, head];
    },
    outputs: [0, 1],
  },
  "softmax that is read again": {
    shape: [6],
    build: (x) => {
      const once = new Dense({ units: 5, activation: "softmax" }).apply(x);
      return [once, new Dense({ units: 2 }).apply(once)];
    },
  },
  "Rescaling, Dropout, Flatten, tanh": {
    build: (x) => {
      const scaled = new Rescaling({ scale: 2, offset: -0.5 }).apply(x);
      const once = new Activation({ activation: "tanh" }).apply(
        new Conv2D({ filters: 5, kernelSize: 3 }).apply(scaled),
      );
      const dropped = new Dropout({ rate: 0.4 }).apply(relu6().apply(new BatchNormalization().apply(once)));
      return new Softmax().apply(new Dense({ units: 4 }).apply(new Flatten().apply(dropped)));
    },
  },
  "activations: of kernels and of the host": {
    build: (x) => {
      const apply = (activation: "silu" | "gelu" | "elu" | "tanh", y: KerasTensor): KerasTensor =>
        new Activation({ activation }).apply(new Conv2D({ filters: 5, kernelSize: 1 }).apply(y));
      const last = apply("elu", apply("gelu", apply("silu", x)));
      return new Softmax({ axis: 1 }).apply(new Softmax().apply(apply("tanh", last)));
    },
  },
  AveragePooling2D: {
    build: (x) => {
      const once = new BatchNormalization().apply(new Conv2D({ filters: 5, kernelSize: 1 }).apply(x));
      const overlapping = new AveragePooling2D({ poolSize: 3, strides: 2, padding: "same" }).apply(relu6().apply(once));
      return new AveragePooling2D({ poolSize: [2, 3], strides: 1 }).apply(overlapping);
    },
  },
  GlobalMaxPooling2D: {
    build: (x) =>
      new GlobalMaxPooling2D().apply(
        new BatchNormalization().apply(new Conv2D({ filters: 5, kernelSize: 1 }).apply(x)),
      ),
  },
  "layers without kernels: MaxPooling2D, Concatenate, Resizing, CenterCrop": {
    build: (x) => {
      const once = new BatchNormalization().apply(new Conv2D({ filters: 5, kernelSize: 1 }).apply(x));
      const bounded = relu6().apply(once);
      const pooled = new MaxPooling2D({ poolSize: 3, strides: 2, padding: "same" }).apply(once);
      const larger = new Resizing({ height: 7, width: 6 }).apply(
        new Conv2D({ filters: 3, kernelSize: 1 }).apply(pooled),
      );
      const joined = new Concatenate().apply([bounded, larger]);
      return new Conv2D({ filters: 4, kernelSize: 1 }).apply(new CenterCrop({ height: 4, width: 3 }).apply(joined));
    },
  },
} satisfies Record<string, Case>);

describe("the training engine equals the layers' own gradients, within 1e-4 of the largest", () => {
  for (const [name, { shape = [7, 6, 5], batches = [1, 3], build, outputs = [] }] of Object.entries(CASES)) {
    it(name, async () => {
      for (const training of [true, false]) {
        for (const batch of batches) {
          const input = Input({ shape });
          const program = seededProgram(input, build(input));
          const features = batch === 1 ? PLAIN : { ...machine(), wideSimd: !training && machine().relaxedSimd };
          const inputs = seededTensors([[batch, ...shape]]);
          const difference = await trainingDifference(program, inputs, { training, outputs, features });
          assert.ok(
            difference <= 1e-4,
            `batch of ${batch}, ${training ? "in training" : "in inference"}: ${difference}`,
          );
        }
      }
    });
  }
});
