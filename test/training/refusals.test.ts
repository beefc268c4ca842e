/** What `fit`, `evaluate` and `trainOnBatch` are given and cannot use; and `evaluate` in callbacks. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradCam } from "../../src/explain/grad-cam.ts";
import type { Model } from "../../src/models/model.ts";
import { LambdaCallback } from "../../src/training/callbacks/lambda-callback.ts";
import { SGD } from "../../src/training/optimizers/sgd.ts";
import { tinyData, tinyModel, weightsOf } from "./tiny.ts";

const { x, y } = tinyData(20);

function compiled(): Model {
  const model = tinyModel();
  model.compile({
    optimizer: new SGD({ learningRate: 0.1 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

/** Calls a method as a program without types can. */
async function call(model: object, method: string, ...values: readonly unknown[]): Promise<unknown> {
  const found: unknown = Reflect.get(model, method);
  assert.ok(typeof found === "function");
  return (await Reflect.apply(found, model, values)) as unknown;
}

describe("what cannot be used is refused: what was given, and what was expected", () => {
  const cases: readonly (readonly [string, string, readonly unknown[], RegExp])[] = [
    ["numbers as inputs", "fit", [new Float32Array(8), y], /^Unrecognized data type: x=.*Expected a tensor/],
    ["lists as inputs", "fit", [[[1, 2, 3, 4]], [0]], /^Unrecognized data type: x=.*Expected a tensor/],
    [
      "a batch that is none",
      "fit",
      [new Set([null])],
      /^Expected a batch \{ x, y, sampleWeight \} or \[x, y, sampleWeight\]\. Received: null/,
    ],
    ["no targets", "fit", [x], /No targets were given: they are `y`/],
    [
      "a callback that is no list",
      "fit",
      [x, y, { callbacks: new LambdaCallback({}) }],
      /^`callbacks` should be a list/,
    ],
    ["callbacks that are none", "fit", [x, y, { callbacks: [{}] }], /LambdaCallback makes one of functions\. Received/],
    [
      "callbacks of evaluate",
      "evaluate",
      [x, y, { callbacks: [5] }],
      /^`callbacks` should be a list.*callbacks=\(5,\)/,
    ],
    [
      "no steps",
      "evaluate",
      [x, y, { steps: 0 }],
      /^`steps` should be a whole number of 1 or more\. Received: steps=0/,
    ],
    ["classes by name", "fit", [x, y, { classWeight: { dog: 1 } }], /^`classWeight` should .* Received: .*\{dog: 1\}/],
    ["weights of NaN", "trainOnBatch", [x, y, { classWeight: { 0: NaN } }], /^`classWeight` should .* Received: .*NaN/],
    [
      "a data set to predict",
      "predict",
      [{ batches: 1 }],
      /^Layer "tiny" expects a tensor or a list of tensors\. Received/,
    ],
  ];
  for (const [what, method, values, message] of cases) {
    it(what, async () => {
      const model = compiled();
      const before = weightsOf(model);
      await assert.rejects(call(model, method, ...values), { code: "ValueError", message });
      assert.deepEqual(weightsOf(model), before);
      await model.fit(x, y);
    });
  }

  it("a model of integers to explain", async () => {
    await assert.rejects(call({ gradCam }, "gradCam", { predict() {} }, x), { code: "UnsupportedError" });
  });
});

describe("evaluate in callbacks", () => {
  it("answers, and changes nothing of the training: weights and logs are the same to the bit without it", async () => {
    const histories = [];
    for (const evaluates of [false, true]) {
      const model = compiled();
      const accuracies: number[] = [];
      const look = async (): Promise<void> => {
        if (!evaluates) return;
        const { loss = NaN, accuracy = NaN } = await model.evaluate(x, y, { batchSize: 7 });
        assert.ok(Number.isFinite(loss));
        accuracies.push(accuracy);
      };
      const callbacks = [
        new LambdaCallback({ onTrainBegin: look, onTrainBatchBegin: look, onTrainBatchEnd: look, onEpochEnd: look }),
      ];
      const { history } = await model.fit(x, y, {
        epochs: 3,
        batchSize: 8,
        seed: 1,
        callbacks,
        validationData: [x, y],
      });
      if (evaluates) {
        assert.equal(accuracies.length, 1 + 3 * (2 * 3 + 1));
        assert.equal(accuracies.at(-1), history["val_accuracy"]?.at(-1));
      }
      histories.push({ history, weights: weightsOf(model) });
    }
    assert.deepEqual(histories[0], histories[1]);
  });

  it("one that is not waited for ends before the training goes on; a second beside it, and fit, are refused", async () => {
    const model = compiled();
    const refused: unknown[] = [];
    const order: string[] = [];
    const callback = new LambdaCallback({
      onEpochBegin: (epoch) => void order.push(`epoch ${epoch}`),
      async onEpochEnd() {
        void model.evaluate(x, y).then(() => order.push("evaluated"));
        for (const other of [model.evaluate(x, y), model.fit(x, y)])
          refused.push(await other.catch((error) => error.code));
      },
    });
    await model.fit(x, y, { epochs: 2, callbacks: [callback] });
    assert.deepEqual(order, ["epoch 0", "evaluated", "epoch 1", "evaluated"]);
    assert.deepEqual(
      refused,
      Array.from({ length: 4 }, () => "StateError"),
    );
  });
});
