/** Models of the kinds that people save, with seeded weights; keras_models.py has the same. */
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { leafLayers } from "../../src/graph/leaf-layers.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { DepthwiseConv2D } from "../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Rescaling } from "../../src/layers/preprocessing/rescaling.ts";
import { Model } from "../../src/models/model.ts";
import { Sequential } from "../../src/models/sequential.ts";
import { seedWeights } from "../support/seeded.ts";

export const SIZE = 64;
export const CLASSES = ["rose", "tulip", "ox-eye daisy", "Löwenzahn", "向日葵"];

export type AnyModel = Model | Sequential;

function mobilenet(includeTop: boolean): Promise<Model> {
  const classes = includeTop ? CLASSES.length : 1000;
  return MobileNetV2({ alpha: 0.35, inputShape: [SIZE, SIZE, 3], weights: null, includeTop, classes });
}

function head(): Dense {
  return new Dense({ units: CLASSES.length, activation: "softmax", name: "head" });
}

async function flat(): Promise<Sequential> {
  return new Sequential({
    name: "flat",
    layers: [
      Input({ shape: [SIZE, SIZE, 3] }),
      new Conv2D({ filters: 8, kernelSize: 3, strides: 2, padding: "same", useBias: false, name: "conv" }),
      new BatchNormalization({ name: "bn" }),
      new ReLU({ maxValue: 6, name: "relu" }),
      new DepthwiseConv2D({ kernelSize: 3, padding: "same", name: "depthwise" }),
      new GlobalAveragePooling2D({ name: "pool" }),
      new Dropout({ rate: 0.2, name: "drop" }),
      head(),
    ],
  });
}

async function sequential(): Promise<Sequential> {
  const pool = new GlobalAveragePooling2D({ name: "pool" });
  const layers = [await mobilenet(false), pool, new Dropout({ rate: 0.2, name: "drop" }), head()];
  return new Sequential({ name: "sequential", layers });
}

async function nested(): Promise<Model> {
  const inputs = Input({ shape: [SIZE, SIZE, 3], name: "pictures" });
  let x = new Rescaling({ scale: 1.5, offset: -0.25, name: "rescaling" }).apply(inputs);
  const base = await mobilenet(false);
  base.trainable = false;
  x = base.apply(x, { training: false });
  x = new GlobalAveragePooling2D({ name: "pool" }).apply(x);
  return new Model({ inputs, outputs: head().apply(x), name: "nested" });
}

const makers = { functional: () => mobilenet(true), flat, sequential, nested };

export type Kind = keyof typeof makers;
export const kinds: readonly Kind[] = ["functional", "flat", "sequential", "nested"];

/** Unseeded: with Keras's initial weights. */
export function blank(kind: Kind): Promise<AnyModel> {
  return makers[kind]();
}

export async function seeded(kind: Kind): Promise<AnyModel> {
  const model = await blank(kind);
  seedWeights({ layers: leafLayers(model).map(([, layer]) => layer) }, `peers/${kind}`);
  return model;
}
