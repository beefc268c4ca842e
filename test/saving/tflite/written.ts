/** Small models of every layer that TFLite has operators for, under what is in them; here and in test/peers they are written. */
import type { KerasTensor, Layer } from "../../../src/layers/layer.ts";
import { Model } from "../../../src/models/model.ts";
import { Sequential } from "../../../src/models/sequential.ts";
import {
  Activation,
  Add,
  AveragePooling2D,
  BatchNormalization,
  Conv2D,
  Dense,
  DepthwiseConv2D,
  Dropout,
  Flatten,
  GlobalAveragePooling2D,
  Input,
  ReLU,
  Rescaling,
  Reshape,
  Softmax,
  ZeroPadding2D,
} from "../../../src/public/layers.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";

const SHAPE = [8, 9, 4];
/** Three inputs for all of them. */
export const inputs = seededInput("tflite/write", [3, ...SHAPE]);

/** Layers one after another, with seeded weights. */
export function model(layers: readonly Layer[]): Sequential {
  const made = new Sequential([Input({ shape: SHAPE }), ...layers]);
  seedWeights(made, "tflite/write");
  return made;
}

const chains: Readonly<Record<string, () => readonly Layer[]>> = {
  "Conv2D of odd strides, BatchNormalization, ReLU6": () => [
    new Conv2D({ filters: 5, kernelSize: [3, 2], strides: 2, padding: "same" }),
    new BatchNormalization(),
    new ReLU({ maxValue: 6 }),
  ],
  "Conv2D with dilation and an activation of its own": () => [
    new Conv2D({ filters: 5, kernelSize: 3, dilationRate: 2, activation: "tanh" }),
  ],
  "padding that is no `same`, grouped Conv2D, ReLU up to 4": () => [
    new ZeroPadding2D({
      padding: [
        [2, 0],
        [1, 3],
      ],
    }),
    new Conv2D({ filters: 6, kernelSize: 3, groups: 2 }),
    new ReLU({ maxValue: 4 }),
  ],
  "DepthwiseConv2D with a multiplier, LeakyReLU": () => [
    new DepthwiseConv2D({ kernelSize: 3, depthMultiplier: 2, padding: "same" }),
    new ReLU({ negativeSlope: 0.1 }),
  ],
  "Rescaling, AveragePooling2D, Flatten, Dense, softmax": () => [
    new Rescaling({ scale: 0.5, offset: 0.25 }),
    new AveragePooling2D({ poolSize: 2, padding: "same" }),
    new Flatten(),
    new Dense({ units: 5, activation: "softmax" }),
  ],
  "BatchNormalization by itself, GlobalAveragePooling2D, Dropout, Dense, Softmax": () => [
    new BatchNormalization(),
    new GlobalAveragePooling2D(),
    new Dropout({ rate: 0.5 }),
    new Dense({ units: 5 }),
    new Softmax(),
  ],
  "Dense over pixels, Reshape, hard_silu, log_softmax": () => [
    new Dense({ units: 6, activation: "hard_silu" }),
    new Reshape({ targetShape: [72, 6] }),
    new Dense({ units: 3 }),
    new Activation({ activation: "log_softmax" }),
  ],
};

function sums(): Model {
  const input = Input({ shape: SHAPE });
  const convolve = (from: KerasTensor): KerasTensor =>
    new Conv2D({ filters: 4, kernelSize: 3, padding: "same" }).apply(from);
  const a = convolve(input);
  const b = new Add().apply([a, convolve(a), input]);
  const made = new Model({ inputs: input, outputs: new ReLU().apply(new Add().apply([b, convolve(b)])) });
  seedWeights(made, "tflite/write");
  return made;
}

function nested(): Sequential {
  const base = model([new Conv2D({ filters: 3, kernelSize: 1 }), new BatchNormalization(), new ReLU()]);
  return model([base, new GlobalAveragePooling2D({ keepdims: true })]);
}

export const written: Readonly<Record<string, () => Model | Sequential>> = {
  ...Object.fromEntries(Object.entries(chains).map(([name, layers]) => [name, () => model(layers())])),
  "sums of values that are read twice": sums,
  "a model within a model": nested,
};
