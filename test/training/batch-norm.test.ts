/** Statistics of BatchNormalization made anew, and its momentum. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../src/core/random.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { Sequential } from "../../src/models/sequential.ts";
import { Adam } from "../../src/training/optimizers/adam.ts";
import { recalibrateBatchNorm, setBatchNormMomentum } from "../../src/training/batch-norm/momentum.ts";
import { seedWeights } from "../support/seeded.ts";
import { assertWithin } from "../support/compare.ts";
import { tinyData } from "./tiny.ts";

/** As MobileNetV2 has them: momentum 0.999. */
function slowModel(): Sequential {
  const model = new Sequential({
    name: "slow",
    layers: [
      Input({ shape: [4] }),
      new BatchNormalization({ name: "first", momentum: 0.999 }),
      new Dense({ units: 16, activation: "relu", name: "a" }),
      new BatchNormalization({ name: "second", momentum: 0.999 }),
      new Dense({ units: 3, activation: "softmax", name: "b" }),
    ],
  });
  seedWeights(model, "slow");
  return model;
}

const COUNT = 120;
const { x: unit, y } = tinyData(COUNT);
// Far from where the moving statistics begin.
const x = new Tensor(
  unit.shape,
  unit.data.map((value) => value * 20 + 30),
);

function statistics(model: Sequential): readonly Float32Array[] {
  return ["first", "second"].flatMap((name) =>
    ["moving_mean", "moving_variance"].map((weight) => Float32Array.from(model.getLayer(name).weight(weight).values)),
  );
}

function averageOf(column: number, value: (x: number) => number): number {
  let sum = 0;
  for (let i = 0; i < COUNT; i++) sum += value(x.data[i * 4 + column] ?? NaN) / COUNT;
  return sum;
}

describe("recalibrateBatchNorm", () => {
  it("gives a model trained from scratch the validation that its training deserves", async () => {
    const model = slowModel();
    model.compile({
      optimizer: new Adam({ learningRate: 0.02 }),
      loss: "sparse_categorical_crossentropy",
      metrics: ["accuracy"],
    });
    const { history } = await model.fit(x, y, { epochs: 30, seed: 1 });
    const trained = history["accuracy"]?.at(-1) ?? 0;
    const before = (await model.evaluate(x, y))["accuracy"] ?? 1;
    await recalibrateBatchNorm(model, x);
    const after = (await model.evaluate(x, y))["accuracy"] ?? 0;
    assert.ok(trained > 0.9 && before < 0.6 && after > 0.9, `${trained} in training, ${before}, then ${after}`);
  });

  it("of one batch are the mean and the variance of the data, within 1e-5; of several the same for the first layer", async () => {
    const model = slowModel();
    const mean = Float64Array.from({ length: 4 }, (_, c) => averageOf(c, (value) => value));
    const variance = Float64Array.from({ length: 4 }, (_, c) => averageOf(c, (value) => (value - (mean[c] ?? 0)) ** 2));
    for (const batchSize of [COUNT, 50, 7]) {
      await recalibrateBatchNorm(model, x, { batchSize });
      assertWithin(model.getLayer("first").weight("moving_mean").values, mean, 1e-4);
      assertWithin(model.getLayer("first").weight("moving_variance").values, variance, 1e-3);
    }
  });

  it("leaves frozen layers, all other weights and the momentum as they were", async () => {
    const model = slowModel();
    model.getLayer("first").trainable = false;
    const [before] = statistics(model);
    const kernel = Float32Array.from(model.weight("a/kernel").values);
    const second = statistics(model)[2];
    await recalibrateBatchNorm(model, x);
    assert.deepEqual(statistics(model)[0], before);
    assert.notDeepEqual(statistics(model)[2], second);
    assert.deepEqual(model.weight("a/kernel").values, kernel);
    for (const name of ["first", "second"]) {
      const layer = model.getLayer(name);
      assert.ok(layer instanceof BatchNormalization && layer.momentum === 0.999);
    }
  });

  it("changes nothing where data does not fit, or there is none", async () => {
    const model = slowModel();
    const before = statistics(model);
    const batches = [{ x }, { x: new Tensor([3, 5], uniform("wrong", 15, -1, 1)) }];
    await assert.rejects(recalibrateBatchNorm(model, batches), { code: "ValueError" });
    assert.deepEqual(statistics(model), before);
    await assert.rejects(recalibrateBatchNorm(model, []), { message: /^There is nothing to estimate statistics from/ });
    assert.deepEqual(statistics(model), before);
  });
});

describe("setBatchNormMomentum", () => {
  it("lets the statistics follow a short training", async () => {
    const model = slowModel();
    setBatchNormMomentum(model, 0.8);
    model.compile({
      optimizer: new Adam({ learningRate: 0.02 }),
      loss: "sparse_categorical_crossentropy",
      metrics: ["accuracy"],
    });
    const { history } = await model.fit(x, y, { epochs: 30, seed: 1, validationData: [x, y] });
    assert.ok((history["val_accuracy"]?.at(-1) ?? 0) > 0.9);
    assert.throws(() => setBatchNormMomentum(model, 1), { code: "ValueError" });
  });
});
