/** Every layer alone, at odd sizes: against its own forward, and against Keras. */
import { Tensor } from "../../src/core/tensor.ts";
import { buildGraph } from "../../src/graph/graph.ts";
import { programOf } from "../../src/graph/program.ts";
import { Activation } from "../../src/layers/activations/activation.ts";
import { ACTIVATION_NAMES } from "../../src/layers/activations/activations.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Softmax } from "../../src/layers/activations/softmax.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { DepthwiseConv2D } from "../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { Layer } from "../../src/layers/layer.ts";
import { Add } from "../../src/layers/merging/add.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { AveragePooling2D } from "../../src/layers/pooling/average-pooling2d.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../src/layers/pooling/global-max-pooling2d.ts";
import { Rescaling } from "../../src/layers/preprocessing/rescaling.ts";
import { layerFromConfig } from "../../src/layers/registry.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { Flatten } from "../../src/layers/reshaping/flatten.ts";
import { Reshape } from "../../src/layers/reshaping/reshape.ts";
import { ZeroPadding2D } from "../../src/layers/reshaping/zero-padding2d.ts";
import { seededProgram, seededTensors } from "../engine/run.ts";
import { fixture, numbers, seeded } from "../layers/fixture.ts";
import type { Case, CaseGroup } from "./run-cases.ts";

type Shape = readonly number[];

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

function alone(layer: Layer, shape: Shape, { batch = 1, inputs = 1 } = {}): Case {
  const tensors = Array.from({ length: inputs }, () => Input({ shape }));
  return {
    what: `${layer.className} on ${shape.join(" × ")}`,
    program: seededProgram(tensors, layer.apply(tensors)),
    inputs: seededTensors(tensors.map(() => [batch, ...shape])),
  };
}

function convolutions(): Case[] {
  return ([1, 2, 3, [3, 1], [1, 5]] as const).flatMap((kernelSize) =>
    ([1, 2, [2, 3]] as const).flatMap((strides) =>
      SIZES.flatMap((shape, i) => {
        const filters = [1, 3, 8, 13][(i + String(kernelSize).length) % 4] ?? 1;
        const same = alone(new Conv2D({ filters, kernelSize, strides, padding: "same" }), shape);
        const [rows = 0, cols = 0] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
        if ((shape[0] ?? 0) < rows || (shape[1] ?? 0) < cols) return [same];
        const options = { filters, kernelSize, strides, useBias: false, activation: "relu6" } as const;
        return [same, alone(new Conv2D(options), shape)];
      }),
    ),
  );
}

function dilatedAndGrouped(): Case[] {
  return (["same", "valid"] as const).flatMap((padding) => [
    ...([2, 3, [1, 2], [2, 1]] as const).map((dilationRate) =>
      alone(new Conv2D({ filters: 5, kernelSize: 3, dilationRate, padding }), [13, 9, 3]),
    ),
    ...[2, 3, 6].flatMap((groups) =>
      [1, 3].flatMap((kernelSize) => {
        const options = { filters: 6, kernelSize, groups, padding, activation: "relu" } as const;
        return [{}, { filters: 12, strides: 2 }, { filters: 12, dilationRate: 2 }].map((more) =>
          alone(new Conv2D({ ...options, ...more }), [7, 6, 6]),
        );
      }),
    ),
  ]);
}

function depthwise(): Case[] {
  return [
    ...([1, 3, 5, [2, 3]] as const).flatMap((kernelSize) =>
      ([1, 2, [1, 2]] as const).flatMap((strides) => [
        ...SIZES.map((shape) =>
          alone(new DepthwiseConv2D({ kernelSize, strides, padding: "same", activation: "relu6" }), shape),
        ),
        alone(new DepthwiseConv2D({ kernelSize, strides, depthMultiplier: 3, padding: "same" }), [6, 7, 5]),
      ]),
    ),
    alone(new DepthwiseConv2D({ kernelSize: 3, dilationRate: 2, padding: "same" }), [9, 8, 6]),
    alone(new DepthwiseConv2D({ kernelSize: 3, dilationRate: [1, 3], useBias: false }), [9, 8, 6]),
    alone(new DepthwiseConv2D({ kernelSize: [1, 83], padding: "same" }), [2, 9, 3]),
  ];
}

function normalizations(): Case[] {
  return [
    ...SIZES.flatMap((shape) => [
      alone(new BatchNormalization(), shape),
      alone(new Rescaling({ scale: 1 / 127.5, offset: -1 }), shape),
    ]),
    ...[1, 2, 3, -2].map((axis) => alone(new BatchNormalization({ axis }), [3, 4, 5])),
    alone(new BatchNormalization({ center: false, scale: false, epsilon: 0.1 }), [11]),
    alone(new Rescaling({ scale: [1, 2, 3], offset: [0.5] }), [4, 5, 3]),
  ];
}

const PADDINGS = [
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
] as const;

function pools(): Case[] {
  return [
    ...SIZES.flatMap((shape) => [
      ...[false, true].flatMap((keepdims) => [
        alone(new GlobalAveragePooling2D({ keepdims }), shape),
        alone(new GlobalMaxPooling2D({ keepdims }), shape),
      ]),
      ...([2, 3, [1, 4]] as const).flatMap((poolSize) => [
        alone(new AveragePooling2D({ poolSize, padding: "same" }), shape),
        alone(new AveragePooling2D({ poolSize, strides: 1, padding: "same" }), shape),
      ]),
    ]),
    alone(new AveragePooling2D({ poolSize: 3, strides: 2 }), [8, 9, 6]),
  ];
}

function broadcastSum(): Case[] {
  const [a, b] = [Input({ shape: [4, 5, 6] }), Input({ shape: [1, 5, 1] })];
  const inputs = seededTensors([
    [2, 4, 5, 6],
    [2, 1, 5, 1],
  ]);
  return [{ what: "broadcast", program: seededProgram([a, b], new Add().apply([a, b])), inputs }];
}

/** Every example that Keras answered, with its weights. */
function fromKeras(): Case[] {
  return fixture.forward.map(({ layer: className, config, inputs, shape, output }, index) => {
    const layer = layerFromConfig(className, config);
    const tensors = inputs.map((dims) => Input({ shape: dims.slice(1) }));
    const graph = buildGraph(tensors, [layer.apply(tensors)]);
    for (const weight of layer.weights) {
      const [from, to] = weight.name === "moving_variance" ? [0.5, 1.5] : [-1, 1];
      weight.assign(seeded(`layers/${index}/${weight.name}`, weight.shape, from, to).data);
    }
    const [lo, hi] = className === "ReLU" ? [-3, 9] : [-1, 1];
    return {
      what: `${className} ${JSON.stringify(config)}`,
      program: programOf(graph),
      inputs: inputs.map((dims, i) => seeded(`layers/${index}/${i}`, dims, lo, hi)),
      expected: [new Tensor(shape, Float32Array.from(numbers(output)))],
    };
  });
}

export const LAYER_CASES: readonly CaseGroup[] = [
  { name: "Conv2D: windows, strides, paddings", within: 2e-6, decibels: 15, cases: convolutions },
  { name: "Conv2D: dilation and groups", within: 2e-6, cases: dilatedAndGrouped },
  { name: "DepthwiseConv2D: windows, strides, paddings, multipliers, dilation", within: 2e-6, cases: depthwise },
  {
    name: "Dense on every rank",
    within: 2e-6,
    decibels: 20,
    cases: () =>
      [[1], [5], [1280], [3, 7], [2, 3, 9]].flatMap((shape) =>
        [1, 4, 10].map((units) => alone(new Dense({ units, activation: "softmax" }), shape)),
      ),
  },
  { name: "BatchNormalization on every axis, Rescaling", within: 2e-6, cases: normalizations },
  {
    name: "ReLU with every option",
    within: 2e-6,
    cases: () =>
      [{}, { maxValue: 6 }, { maxValue: 0.5 }, { negativeSlope: 0.1 }, { threshold: 0.3 }].flatMap((options) =>
        [[1], [7], [5, 3, 3]].map((shape) => alone(new ReLU(options), shape)),
      ),
  },
  ...ACTIVATION_NAMES.map((activation): CaseGroup => ({
    name: `Activation ${activation}, alone and behind Conv2D and Dense`,
    within: 2e-6,
    cases: () => [
      ...[[1], [10], [3, 5], [2, 3, 5]].map((shape) => alone(new Activation({ activation }), shape)),
      alone(new Conv2D({ filters: 5, kernelSize: 2, activation }), [4, 4, 3]),
      alone(new Dense({ units: 5, activation }), [3]),
    ],
  })),
  {
    name: "Softmax on every axis",
    within: 2e-6,
    cases: () => [-1, 1, 2, 3].map((axis) => alone(new Softmax({ axis }), [3, 4, 5])),
  },
  {
    name: "ZeroPadding2D",
    within: 2e-6,
    cases: () => PADDINGS.flatMap((padding) => SIZES.map((shape) => alone(new ZeroPadding2D({ padding }), shape))),
  },
  { name: "pools", within: 2e-6, cases: pools },
  {
    name: "Add of two and three tensors",
    within: 2e-6,
    cases: () => SIZES.flatMap((shape) => [2, 3].map((inputs) => alone(new Add(), shape, { inputs }))),
  },
  { name: "Add of broadcast tensors", within: 1e-6, cases: broadcastSum },
  {
    name: "Flatten, Reshape, Dropout",
    within: 2e-6,
    cases: () => [
      alone(new Flatten(), [3, 4, 5]),
      alone(new Reshape({ targetShape: [-1, 3] }), [4, 9]),
      alone(new Dropout({ rate: 0.5 }), [7]),
    ],
  },
  {
    name: "batches of 0, 2 and 5",
    within: 2e-6,
    cases: () =>
      [0, 2, 5].flatMap((batch) => [
        alone(new Conv2D({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }), [9, 7, 3], { batch }),
        alone(new BatchNormalization({ axis: 1 }), [3, 4, 5], { batch }),
        alone(new Activation({ activation: "gelu" }), [6], { batch }),
      ]),
  },
  {
    name: "more columns than a register tile has",
    within: 2e-6,
    cases: () =>
      SIZES.flatMap((shape) => [
        alone(new Conv2D({ filters: 9, kernelSize: 3, padding: "same" }), shape),
        alone(new Conv2D({ filters: 17, kernelSize: 1 }), shape),
        alone(new DepthwiseConv2D({ kernelSize: 3, padding: "same" }), shape),
      ]),
  },
  { name: "every layer as Keras answers", within: 3e-6, cases: fromKeras },
];
