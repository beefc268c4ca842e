/** A small model and data that it can learn, for tests of everything around the steps. */
import { uniform } from "../../src/core/random.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { Activation } from "../../src/layers/activations/activation.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { Model } from "../../src/models/model.ts";
import { seedWeights } from "../support/seeded.ts";

/** Everything that a training changes: weights, moving averages, masks of Dropout. */
export function tinyModel(seed = "tiny"): Model {
  const inputs = Input({ shape: [4] });
  let x = new Dense({ units: 6, name: "a" }).apply(inputs);
  x = new BatchNormalization({ name: "bn", momentum: 0.9 }).apply(x);
  x = new Activation({ activation: "relu", name: "relu" }).apply(x);
  x = new Dropout({ rate: 0.3, name: "drop" }).apply(x);
  const outputs = new Dense({ units: 3, activation: "softmax", name: "b" }).apply(x);
  const model = new Model({ inputs, outputs, name: "tiny" });
  seedWeights(model, seed);
  return model;
}

export function tinyData(count: number, seed = "data"): { readonly x: Tensor<Float32Array>; readonly y: Int32Array } {
  const x = new Tensor([count, 4], uniform(`${seed}/x`, count * 4, -1, 1));
  const y = Int32Array.from({ length: count }, (_, i) => {
    const [a = 0, b = 0, c = 0] = x.data.subarray(i * 4);
    return (a + b > 0 ? 1 : 0) + (c > 0 ? 1 : 0);
  });
  return { x, y };
}

/** All weights of a model, copied. */
export function weightsOf(model: Model): readonly Float32Array[] {
  return model.weights.map(({ values }) => Float32Array.from(values));
}
