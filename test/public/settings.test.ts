/** What plain JavaScript sets on models, layers and optimizers: refused by an error of the package, or else it holds; never a wrong answer. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Dense, Dropout, Input, MobileNetV2, MobileNetV2Error, Model, Sequential, zeros } from "mobilenet-v2";
import { BatchNormalization } from "mobilenet-v2/layers";
import { Adam } from "mobilenet-v2/training";

function set(object: object, name: string, value: unknown): void {
  Reflect.set(object, name, value);
}

function refused(act: () => unknown, message: RegExp): void {
  assert.throws(
    act,
    (error) => error instanceof MobileNetV2Error && error.code === "ValueError" && message.test(error.message),
  );
}

describe("settings by plain JavaScript", () => {
  it("keep the arguments of layers that are in a model, which answers as before", async () => {
    const [dense, norm, dropout] = [new Dense({ units: 2 }), new BatchNormalization(), new Dropout({ rate: 0.5 })];
    const layers = [dense, norm, dropout];
    using model = new Sequential([Input({ shape: [4] }), ...layers]);
    const before = await model.predict(zeros([1, 4]));
    for (const [layer, name, value] of [
      [dense, "units", 7],
      [dense, "activation", "bogus"],
      [norm, "epsilon", "x"],
      [dropout, "rate", 0.1],
    ] as const) {
      refused(() => set(layer, name, value), new RegExp(`^\`${name}\` of layer '${layer.name}' is as it was made`));
    }
    assert.equal(dense.getConfig()["units"], 2);
    assert.deepEqual(await model.predict(zeros([1, 4])), before);
    // A layer may be in several models.
    assert.equal(new Model({ inputs: model.input, outputs: model.output }).layers.length, 4);
  });

  it("may change the momentum and trainable, to what these can be", () => {
    const norm = new BatchNormalization({ momentum: 0.9 });
    norm.momentum = 0.5;
    assert.equal(norm.getConfig()["momentum"], 0.5);
    refused(() => set(norm, "momentum", "x"), /`momentum` must be a finite number/);
    refused(() => set(norm, "trainable", "no"), /`trainable` of a layer must be true or false/);
  });

  it("give an optimizer no state that is none", () => {
    for (const state of [null, {}, { iterations: Number.NaN, learningRate: null, slots: [] }]) {
      refused(() => set(new Adam(), "state", state), /`state` of optimizer 'adam[_\d]*' must be \{ iterations/);
    }
  });

  it("give a model no scaling that float32 does not hold", async () => {
    using model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], classes: 3, weights: null });
    for (const [scale, offset] of [
      [0, 0],
      [1e-300, 0],
      [1, 1e300],
      [[1, 0, 1], 0],
      [1, [0, Number.NaN, 0]],
    ] as const) {
      refused(() => set(model, "preprocessing", { scale, offset }), /no scale of 0\. Received/);
    }
    model.preprocessing = { scale: [1, 2, 3], offset: 0 };
  });

  it("give a model class names that it is not saved with unless there is one for each class", async () => {
    using model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], classes: 3, weights: null });
    model.classNames = ["a", "b"];
    for (const format of ["keras", "h5", "safetensors", "onnx", "tfjs-layers"] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(
        model.toFiles(format),
        /^MobileNetV2Error: `classNames` has 2 names, but the model answers with 3 numbers/,
      );
    }
    model.classNames = ["a", "b", "c"];
    assert.equal((await model.toFiles("safetensors")).length, 1);
  });
});
