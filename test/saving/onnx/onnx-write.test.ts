/** ONNX as we write it: what reads back to the same bits. What onnxruntime answers: test/peers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { Activation } from "../../../src/layers/activations/activation.ts";
import { weightsByPath } from "../../../src/models/files/describe-model.ts";
import { loadModel } from "../../../src/models/files/load-model.ts";
import { assertWithin, maxMagnitude } from "../../support/compare.ts";
import { seededInput } from "../../support/seeded.ts";
import { MODELS, functional, sizesOf } from "./onnx-models.ts";

describe("what is written reads back", () => {
  for (const [name, make] of Object.entries(MODELS)) {
    test(`${name}: every weight bit for bit, the same answers within 1e-6 of the largest`, async () => {
      using model = await make();
      using loaded = await loadModel(await model.toBytes("onnx"));
      // Models within are flattened: their names come before.
      const theirs = new Map([...weightsByPath(loaded)].map(([path, { data }]) => [path.replaceAll("/", "_"), data]));
      for (const [path, { data }] of weightsByPath(model)) {
        const read = theirs.get(path.replaceAll("/", "_"));
        assert.ok(read !== undefined && read.length === data.length, path);
        assert.ok(
          data.every((value, i) => Object.is(value, read[i])),
          path,
        );
      }
      const x = seededInput("onnx", sizesOf(model));
      const [ours, back] = [await model.predict(x), await loaded.predict(x)];
      assert.deepEqual(back.shape, ours.shape);
      assertWithin(back.data, ours.data, 1e-6 * maxMagnitude(ours.data));
    });
  }

  test("layers keep their names and their order", async () => {
    const model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 5 });
    const loaded = await loadModel(await model.toBytes("onnx"));
    assert.deepEqual(
      loaded.layers.map(({ name, className }) => [name, className]),
      model.layers.map(({ name, className }) => [name, className]),
    );
    assert.equal(loaded.name, model.name);
    assert.equal(loaded.getLayer("bn_Conv1").getConfig().epsilon, 0.001);
  });

  test("names of classes and the scaling of pixels", async () => {
    const model = await MODELS["activations"]?.();
    assert.ok(model !== undefined);
    model.classNames = ["ox-eye daisy", "向日葵", "rose"];
    model.preprocessing = { scale: [1, 2, 3], offset: -1 };
    const loaded = await loadModel(await model.toBytes("onnx"));
    assert.deepEqual(loaded.classNames, model.classNames);
    assert.deepEqual(loaded.preprocessing, model.preprocessing);
  });

  test("pictures of any size stay so", async () => {
    const model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [null, null, 3], includeTop: false });
    const loaded = await loadModel(await model.toBytes("onnx"));
    assert.deepEqual(loaded.input.shape, [null, null, null, 3]);
    assert.deepEqual(loaded.output.shape, [null, null, null, 1280]);
  });

  test("what no operator says is refused, naming the layer", async () => {
    const model = functional([4, 4, 3], (x) => new Activation({ activation: "sparsemax", name: "last" }).apply(x));
    await assert.rejects(model.toBytes("onnx"), { code: "UnsupportedError", message: /sparsemax of layer 'last'/ });
  });
});
