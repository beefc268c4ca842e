/** The seeded models of test/fixtures/explain/make.py. */
import { MobileNetV2, type MobileNetV2Options } from "../../src/applications/mobilenet-v2.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Model } from "../../src/models/model.ts";
import { Sequential } from "../../src/models/sequential.ts";
import { seedWeights } from "../support/seeded.ts";

const SEED = "explain";

async function base(options: MobileNetV2Options): Promise<Model> {
  const model = await MobileNetV2({ alpha: 0.35, weights: null, threads: 1, ...options });
  seedWeights(model, SEED);
  return model;
}

export async function classifier(): Promise<Model> {
  return base({ inputShape: [96, 96, 3], classes: 10 });
}

/** As the guides to transfer learning do it; the base is a layer. */
export async function nested(): Promise<Sequential> {
  const head = new Dense({ units: 4, activation: "softmax", name: "head" });
  const layers = [
    await base({ inputShape: [64, 80, 3], includeTop: false }),
    new GlobalAveragePooling2D({ name: "pool" }),
    new Dropout({ rate: 0.2 }),
    head,
  ];
  const model = new Sequential({ layers, threads: 1 });
  seedWeights({ layers: [head] }, SEED);
  return model;
}

/** One sigmoid, after a hidden layer: no class activation map. */
export async function binary(): Promise<Model> {
  const { inputs, output } = await base({ inputShape: [64, 64, 3], includeTop: false, pooling: "avg" });
  const hidden = new Dense({ units: 8, activation: "relu", name: "hidden" }).apply(output);
  const outputs = new Dense({ units: 1, activation: "sigmoid", name: "head" }).apply(hidden);
  const model = new Model({ inputs, outputs, threads: 1 });
  seedWeights(model, `${SEED}/binary2`);
  return model;
}
