/** Every layer alone on the engine against its own forward, at odd sizes, with and without fused multiply-add. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Activation } from "../../src/layers/activations/activation.ts";
import { ACTIVATION_NAMES } from "../../src/layers/activations/activations.ts";
import { Add } from "../../src/layers/merging/add.ts";
import { AveragePooling2D } from "../../src/layers/pooling/average-pooling2d.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { DepthwiseConv2D } from "../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { Flatten } from "../../src/layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../src/layers/pooling/global-max-pooling2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { Layer } from "../../src/layers/layer.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Rescaling } from "../../src/layers/preprocessing/rescaling.ts";
import { Reshape } from "../../src/layers/reshaping/reshape.ts";
import { Softmax } from "../../src/layers/activations/softmax.ts";
import { ZeroPadding2D } from "../../src/layers/reshaping/zero-padding2d.ts";
import { PLAIN, engineDifference, seededProgram, seededTensors } from "./run.ts";

type Shape = readonly number[];

async function check(make: () => Layer, shape: Shape, { batch = 1, inputs = 1, features = {} } = {}): Promise<void> {
  const tensors = Array.from({ length: inputs }, () => Input({ shape }));
  const program = seededProgram(tensors, make().apply(tensors));
  const given = seededTensors(tensors.map(() => [batch, ...shape]));
  const difference = await engineDifference(program, given, { ...PLAIN, ...features });
  assert.ok(difference <= 2e-6, `${make().className} on ${shape.join(" × ")}: off by ${difference}`);
}

const SIZES: readonly Shape[] = [
  [1, 1, 1],
  [1, 1, 8],
  [2, 3, 4],
  [5, 7, 3],
  [9, 4, 5],
  [17, 14, 8],
  [7, 33, 24],
  [31, 1, 16],
];

describe("layers on the engine, within 2e-6 of the largest magnitude", () => {
  it("Conv2D: windows, strides, paddings", async () => {
    for (const kernelSize of [1, 2, 3, [3, 1], [1, 5]] as const) {
      for (const strides of [1, 2, [2, 3]] as const) {
        for (const [i, shape] of SIZES.entries()) {
          const filters = [1, 3, 8, 13][(i + String(kernelSize).length) % 4] ?? 1;
          await check(() => new Conv2D({ filters, kernelSize, strides, padding: "same" }), shape);
          const [rows = 0, cols = 0] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
          if ((shape[0] ?? 0) < rows || (shape[1] ?? 0) < cols) continue;
          await check(() => new Conv2D({ filters, kernelSize, strides, useBias: false, activation: "relu6" }), shape);
        }
      }
    }
  });

  it("Conv2D: dilation and groups", async () => {
    for (const padding of ["same", "valid"] as const) {
      for (const dilationRate of [2, 3, [1, 2], [2, 1]] as const) {
        await check(() => new Conv2D({ filters: 5, kernelSize: 3, dilationRate, padding }), [13, 9, 3]);
      }
      for (const groups of [2, 3, 6]) {
        for (const kernelSize of [1, 3]) {
          const options = { filters: 6, kernelSize, groups, padding, activation: "relu" } as const;
          await check(() => new Conv2D(options), [7, 6, 6]);
          await check(() => new Conv2D({ ...options, filters: 12, strides: 2 }), [7, 6, 6]);
          await check(() => new Conv2D({ ...options, filters: 12, dilationRate: 2 }), [7, 6, 6]);
        }
      }
    }
  });

  it("DepthwiseConv2D: windows, strides, paddings, multipliers, dilation", async () => {
    for (const kernelSize of [1, 3, 5, [2, 3]] as const) {
      for (const strides of [1, 2, [1, 2]] as const) {
        for (const shape of SIZES) {
          await check(() => new DepthwiseConv2D({ kernelSize, strides, padding: "same", activation: "relu6" }), shape);
        }
        await check(() => new DepthwiseConv2D({ kernelSize, strides, depthMultiplier: 3, padding: "same" }), [6, 7, 5]);
      }
    }
    await check(() => new DepthwiseConv2D({ kernelSize: 3, dilationRate: 2, padding: "same" }), [9, 8, 6]);
    await check(() => new DepthwiseConv2D({ kernelSize: 3, dilationRate: [1, 3], useBias: false }), [9, 8, 6]);
    await check(() => new DepthwiseConv2D({ kernelSize: [1, 83], padding: "same" }), [2, 9, 3]);
  });

  it("Dense on every rank", async () => {
    for (const shape of [[1], [5], [1280], [3, 7], [2, 3, 9]]) {
      for (const units of [1, 4, 10]) await check(() => new Dense({ units, activation: "softmax" }), shape);
    }
  });

  it("BatchNormalization on every axis, Rescaling", async () => {
    for (const shape of SIZES) {
      await check(() => new BatchNormalization(), shape);
      await check(() => new Rescaling({ scale: 1 / 127.5, offset: -1 }), shape);
    }
    for (const axis of [1, 2, 3, -2]) await check(() => new BatchNormalization({ axis }), [3, 4, 5]);
    await check(() => new BatchNormalization({ center: false, scale: false, epsilon: 0.1 }), [11]);
    await check(() => new Rescaling({ scale: [1, 2, 3], offset: [0.5] }), [4, 5, 3]);
  });

  it("ReLU with every option", async () => {
    for (const options of [{}, { maxValue: 6 }, { maxValue: 0.5 }, { negativeSlope: 0.1 }, { threshold: 0.3 }]) {
      for (const shape of [[1], [7], [5, 3, 3]]) await check(() => new ReLU(options), shape);
    }
  });

  for (const activation of ACTIVATION_NAMES) {
    it(`Activation ${activation}, alone and behind Conv2D and Dense`, async () => {
      for (const shape of [[1], [10], [3, 5], [2, 3, 5]]) await check(() => new Activation({ activation }), shape);
      await check(() => new Conv2D({ filters: 5, kernelSize: 2, activation }), [4, 4, 3]);
      await check(() => new Dense({ units: 5, activation }), [3]);
    });
  }

  it("Softmax on every axis", async () => {
    for (const axis of [-1, 1, 2, 3]) await check(() => new Softmax({ axis }), [3, 4, 5]);
  });

  it("ZeroPadding2D", async () => {
    for (const padding of [
      0,
      1,
      [1, 2],
      [
        [0, 1],
        [2, 0],
      ],
      [
        [3, 0],
        [0, 0],
      ],
    ] as const) {
      for (const shape of SIZES) await check(() => new ZeroPadding2D({ padding }), shape);
    }
  });

  it("pools", async () => {
    for (const shape of SIZES) {
      for (const keepdims of [false, true]) {
        await check(() => new GlobalAveragePooling2D({ keepdims }), shape);
        await check(() => new GlobalMaxPooling2D({ keepdims }), shape);
      }
      for (const poolSize of [2, 3, [1, 4]] as const) {
        await check(() => new AveragePooling2D({ poolSize, padding: "same" }), shape);
        await check(() => new AveragePooling2D({ poolSize, strides: 1, padding: "same" }), shape);
      }
    }
    await check(() => new AveragePooling2D({ poolSize: 3, strides: 2 }), [8, 9, 6]);
  });

  it("Add of two, three and broadcast tensors", async () => {
    for (const shape of SIZES) {
      for (const inputs of [2, 3]) await check(() => new Add(), shape, { inputs });
    }
    const [a, b] = [Input({ shape: [4, 5, 6] }), Input({ shape: [1, 5, 1] })];
    const program = seededProgram([a, b], new Add().apply([a, b]));
    const difference = await engineDifference(
      program,
      seededTensors([
        [2, 4, 5, 6],
        [2, 1, 5, 1],
      ]),
    );
    assert.ok(difference <= 1e-6, `off by ${difference}`);
  });

  it("Flatten, Reshape, Dropout", async () => {
    await check(() => new Flatten(), [3, 4, 5]);
    await check(() => new Reshape({ targetShape: [-1, 3] }), [4, 9]);
    await check(() => new Dropout({ rate: 0.5 }), [7]);
  });

  it("batches of 0, 2 and 5", async () => {
    for (const batch of [0, 2, 5]) {
      await check(() => new Conv2D({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }), [9, 7, 3], { batch });
      await check(() => new BatchNormalization({ axis: 1 }), [3, 4, 5], { batch });
      await check(() => new Activation({ activation: "gelu" }), [6], { batch });
    }
  });

  it("all of it with fused multiply-add where the machine has it", async () => {
    const features = { relaxedSimd: true };
    const { features: found } = await import("../../src/wasm/features.ts");
    if (!found().relaxedSimd) return;
    for (const shape of SIZES) {
      await check(() => new Conv2D({ filters: 9, kernelSize: 3, padding: "same" }), shape, { features });
      await check(() => new Conv2D({ filters: 17, kernelSize: 1 }), shape, { features });
      await check(() => new DepthwiseConv2D({ kernelSize: 3, padding: "same" }), shape, { features });
      await check(() => new BatchNormalization(), shape, { features });
    }
  });
});
