/** Models that are disposed of, or compiled anew, before, during and after a training. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Tensor } from "../../src/core/tensor.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { Model } from "../../src/models/model.ts";
import { LambdaCallback, type LambdaCallbackOptions } from "../../src/training/callbacks/lambda-callback.ts";
import { seededInput } from "../support/seeded.ts";

/** A model whose first layer may be frozen: then features are computed before the first step. */
function compiled(frozen = false): Model {
  const inputs = Input({ shape: [3] });
  const first = new Dense({ units: 4, activation: "relu", trainable: !frozen });
  const model = new Model({ inputs, outputs: new Dense({ units: 2 }).apply(first.apply(inputs)), name: "small" });
  model.compile({ optimizer: "sgd", loss: "mse" });
  return model;
}

const x = seededInput("x", [8, 3]);
const y = new Tensor([8, 2], new Float32Array(16));
const during = {
  code: "StateError",
  message: "Model 'small' was disposed of while it was being trained or evaluated.",
};
const after = { code: "StateError", message: "Model 'small' was disposed of. Make or load it again." };

/** A training in which a hook does something to the model. */
function fit(model: Model, hooks: LambdaCallbackOptions, epochs = 3): Promise<unknown> {
  const callbacks = [new LambdaCallback(hooks)];
  return model.fit(x, y, { epochs, batchSize: 4, seed: 1, callbacks, validationData: [x, y] });
}

describe("a training whose model is disposed of ends with an error that says so", () => {
  for (const frozen of [false, true]) {
    const kind = frozen ? "partly frozen" : "trainable";
    for (const hook of [
      "onTrainBegin",
      "onEpochBegin",
      "onTrainBatchBegin",
      "onTrainBatchEnd",
      "onEpochEnd",
    ] as const) {
      it(`${kind}, in ${hook}`, async () => {
        const model = compiled(frozen);
        await assert.rejects(fit(model, { [hook]: () => model.dispose() }), during);
        await assert.rejects(fit(model, {}), after);
      });
    }

    it(`${kind}, at any moment from the call on`, async () => {
      for (let turns = 0; turns < 40; turns++) {
        const model = compiled(frozen);
        const training = fit(model, {}, 100_000);
        training.catch(() => undefined);
        for (let i = 0; i < turns; i++) await Promise.resolve();
        if (turns % 2 === 1) await new Promise((resolve) => setImmediate(resolve));
        model.dispose();
        await assert.rejects(training, { code: "StateError", message: /^Model 'small' was disposed of/ });
      }
    });
  }

  it("in an evaluation too", async () => {
    const model = compiled();
    const evaluation = model.evaluate(x, y, {
      callbacks: [
        new (class extends LambdaCallback {
          override onTestBatchBegin(): void {
            model.dispose();
          }
        })({}),
      ],
    });
    await assert.rejects(evaluation, during);
  });

  it("but not where all is done: in onTrainEnd", async () => {
    const model = compiled();
    await fit(model, { onTrainEnd: () => model.dispose() });
    assert.equal(model.history?.epoch.length, 3);
  });

  it("and an error of a callback's own stays what it is", async () => {
    const model = compiled();
    const hook = (): void => {
      model.dispose();
      throw new RangeError("mine");
    };
    await assert.rejects(fit(model, { onTrainBatchBegin: hook }), { name: "RangeError", message: "mine" });
  });
});

describe("a model that was disposed of", () => {
  it("refuses to be trained and evaluated", async () => {
    const model = compiled();
    model.dispose();
    await assert.rejects(model.fit(x, y), after);
    await assert.rejects(model.evaluate(x, y), after);
    await assert.rejects(model.trainOnBatch(x, y), after);
    await assert.rejects(model.testOnBatch(x, y), after);
    await assert.rejects(model.predict(x), after);
  });

  it("has its weights still, and can be saved", async () => {
    const model = compiled();
    await model.trainOnBatch(x, y);
    model.dispose();
    assert.equal(model.getWeights().length, 4);
    assert.ok((await model.toBytes("keras")).length > 0);
  });
});

describe("a model that is compiled anew during a training", () => {
  for (const hook of ["onTrainBegin", "onTrainBatchEnd"] as const) {
    it(`ends it, in ${hook}, and can be trained again`, async () => {
      const model = compiled();
      const compile = (): void => model.compile({ optimizer: "adam", loss: "mse" });
      await assert.rejects(fit(model, { [hook]: compile }), {
        code: "StateError",
        message: "Model 'small' was compiled anew while it was being trained or evaluated.",
      });
      await fit(model, {});
      assert.equal(model.optimizer?.className, "Adam");
      model.dispose();
    });
  }
});
