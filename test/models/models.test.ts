/** Functional and sequential models as Keras builds them: layers, weights, sharing, nesting, cutting, predicting. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { evaluate } from "../../src/graph/evaluate.ts";
import { programOf } from "../../src/graph/program.ts";
import { Add } from "../../src/layers/merging/add.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { clearSession } from "../../src/layers/naming.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Model } from "../../src/models/model.ts";
import { Sequential } from "../../src/models/sequential.ts";
import { assertWithin } from "../support/compare.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";

beforeEach(() => clearSession());

/** conv → bn → relu, twice, with a sum at the end. */
function smallModel(): Model {
  const x = Input({ shape: [8, 8, 3], name: "image" });
  const a = new ReLU({ maxValue: 6, name: "a_relu" }).apply(
    new BatchNormalization({ name: "a_bn" }).apply(
      new Conv2D({ filters: 4, kernelSize: 3, padding: "same", name: "a" }).apply(x),
    ),
  );
  const b = new Conv2D({ filters: 4, kernelSize: 1, name: "b" }).apply(a);
  const sum = new Add({ name: "sum" }).apply([a, b]);
  const model = new Model({
    inputs: x,
    outputs: new GlobalAveragePooling2D({ name: "pool" }).apply(sum),
    name: "small",
  });
  seedWeights(model, "small");
  return model;
}

describe("functional models", () => {
  test("list layers, weights and shapes as Keras does", () => {
    const model = smallModel();
    assert.deepEqual(
      model.layers.map(({ name }) => name),
      ["image", "a", "a_bn", "a_relu", "b", "sum", "pool"],
    );
    assert.deepEqual(
      model.weights.map(({ name }) => name),
      ["kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "kernel", "bias"],
    );
    assert.equal(model.countParams(), 112 + 16 + 20);
    assert.deepEqual(model.output.shape, [null, 4]);
    assert.equal(model.getLayer(-1).name, "pool");
    assert.equal(model.getLayer("b").name, "b");
    assert.throws(
      () => model.getLayer("c"),
      /^MobileNetV2Error: No such layer: c\. Existing layers are: \['image', 'a'/,
    );
    assert.equal(model.getLayer({ index: -1 }).name, "pool");
    assert.equal(model.getLayer({ name: "b" }).name, "b");
    assert.throws(() => model.getLayer({}), { message: "Provide either a layer name or layer index at `getLayer`." });
    assert.throws(() => model.getLayer({ name: "b", index: 0 }), {
      message: "Provide only a layer name or a layer index. Received: index=0, name=b.",
    });
    assert.throws(
      () => model.getLayer({ index: 7 }),
      /Was asked to retrieve layer at index 7 but model only has 7 layers/,
    );
    assert.throws(() => model.getLayer(7), /Was asked to retrieve layer at index 7 but model only has 7 layers\./);
  });

  test("freezing a model freezes its layers, and counts move from trainable to not", () => {
    const model = smallModel();
    const count = (): number[] =>
      [model.trainableWeights, model.nonTrainableWeights].map((weights) =>
        weights.reduce((sum, { size }) => sum + size, 0),
      );
    assert.deepEqual(count(), [140, 8]);
    model.getLayer("a").trainable = false;
    assert.deepEqual(count(), [28, 120]);
    model.trainable = false;
    assert.deepEqual(count(), [0, 148]);
    assert.ok(model.layers.every((layer) => !layer.trainable));
    model.trainable = true;
    assert.deepEqual(count(), [140, 8]);
  });

  test("getWeights and setWeights round-trip, and refuse other numbers and shapes", async () => {
    using model = smallModel();
    const x = seededInput("x", [1, 8, 8, 3]);
    const before = await model.predict(x);
    const weights = model.getWeights().map(({ shape, data }) => new Tensor(shape, data.slice()));
    model.setWeights(weights.map(({ shape, size }) => new Tensor(shape, new Float32Array(size))));
    assert.deepEqual([...(await model.predict(x)).data], [0, 0, 0, 0]);
    model.setWeights(weights);
    assert.deepEqual((await model.predict(x)).data, before.data);
    assert.throws(
      () => model.setWeights(weights.slice(1)),
      /with a weight list of length 7, but the layer was expecting 8 weights/,
    );
    assert.throws(() => model.setWeights(weights.toReversed()), /is not compatible with provided weight shape/);
  });

  test("intermediate outputs share the layers and answer as the scalar layers do, within 1e-5", async () => {
    const model = smallModel();
    const names = ["a", "a_bn", "a_relu", "b", "sum"];
    using part = new Model({ inputs: model.input, outputs: names.map((name) => model.getLayer(name).output) });
    const x = seededInput("x", [2, 8, 8, 3]);
    const values = await part.predict(x);
    const expected = evaluate(programOf(part.graph), [x]);
    for (const [i, value] of values.entries()) assertWithin(value.data, expected[i]?.data ?? [], 1e-5, names[i]);
    assert.equal(part.getLayer("a"), model.getLayer("a"));
  });

  test("a model can begin in the middle of another", async () => {
    const model = smallModel();
    using head = new Model({ inputs: model.getLayer("a_relu").output, outputs: model.output });
    assert.deepEqual(head.input.shape, [null, 8, 8, 4]);
    using base = new Model({ inputs: model.input, outputs: model.getLayer("a_relu").output });
    const x = seededInput("x", [2, 8, 8, 3]);
    const whole = await model.predict(x);
    assertWithin((await head.predict(await base.predict(x))).data, whole.data, 1e-6);
    assert.equal(head.getLayer("b"), model.getLayer("b"));
    model.dispose();
  });

  test("several inputs and several outputs", async () => {
    const [a, b] = [Input({ shape: [3], name: "left" }), Input({ shape: [3], name: "right" })];
    const sum = new Add().apply([a, b]);
    using model = new Model({ inputs: [a, b], outputs: [sum, a] });
    const [ones, twos] = [
      new Tensor([2, 3], new Float32Array(6).fill(1)),
      new Tensor([2, 3], new Float32Array(6).fill(2)),
    ];
    const [y, same] = await model.predict([ones, twos]);
    assert.deepEqual([...(y?.data ?? [])], [3, 3, 3, 3, 3, 3]);
    assert.deepEqual(same?.data, ones.data);
    await assert.rejects(model.predict(ones), /expects 2 input\(s\), but it received 1 input tensors/);
    await assert.rejects(
      model.predict([ones, new Tensor([1, 3], new Float32Array(3))]),
      /Data cardinality is ambiguous\. Make sure all arrays contain the same number of samples/,
    );
  });

  test("a layer used twice shares its weights", async () => {
    const x = Input({ shape: [4] });
    const dense = new Dense({ units: 4, useBias: false, name: "twice" });
    using model = new Model({ inputs: x, outputs: dense.apply(dense.apply(x)) });
    assert.equal(model.weights.length, 1);
    dense.setWeights([
      new Tensor(
        [4, 4],
        Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 2 : 0)),
      ),
    ]);
    assert.deepEqual([...(await model.predict(new Tensor([1, 4], Float32Array.of(1, 2, 3, 4)))).data], [4, 8, 12, 16]);
  });

  test("a disconnected graph, two layers of one name and empty inputs are refused", () => {
    const [a, b] = [Input({ shape: [4], name: "one" }), Input({ shape: [4], name: "two" })];
    assert.throws(
      () => new Model({ inputs: a, outputs: new Add().apply([a, b]) }),
      /Graph disconnected: cannot find parent for/,
    );
    const twice = new Dense({ units: 2, name: "same" }).apply(new Dense({ units: 2, name: "same" }).apply(a));
    assert.throws(
      () => new Model({ inputs: a, outputs: twice }),
      /The name "same" is used 2 times in the model\. All operation names should be unique\./,
    );
    assert.throws(() => new Model({ inputs: [], outputs: a }), /`inputs` argument cannot be empty/);
  });
});

describe("predict", () => {
  test("takes a batch, one picture, integers; refuses other shapes by name", async () => {
    using model = smallModel();
    const batch = seededInput("x", [3, 8, 8, 3]);
    const y = await model.predict(batch);
    assert.deepEqual(y.shape, [3, 4]);
    const one = await model.predict(new Tensor([8, 8, 3], batch.data.slice(0, 192)));
    assert.deepEqual(one.shape, [1, 4]);
    assert.deepEqual(one.data, y.data.slice(0, 4));
    const bytes = await model.predict(new Tensor([8, 8, 3], new Uint8Array(192).fill(7)));
    const floats = await model.predict(new Tensor([8, 8, 3], new Float32Array(192).fill(7)));
    assert.deepEqual(bytes.data, floats.data);
    await assert.rejects(
      model.predict(new Tensor([1, 9, 8, 3], new Float32Array(216))),
      /Input 0 with name 'image' of layer 'small' is incompatible with the layer: expected shape=\(None, 8, 8, 3\), found shape=\(1, 9, 8, 3\)/,
    );
    assert.deepEqual((await model.predict(new Tensor([0, 8, 8, 3], new Float32Array(0)))).shape, [0, 4]);
  });

  test("answers many calls at once, each with its own result", async () => {
    using model = smallModel();
    const inputs = Array.from({ length: 12 }, (_, i) => seededInput(`many/${i}`, [1 + (i % 3), 8, 8, 3]));
    const together = await Promise.all(inputs.map((x) => model.predict(x)));
    for (const [i, x] of inputs.entries()) assert.deepEqual(together[i]?.data, (await model.predict(x)).data);
  });

  test("after dispose is an error that says so; memory is given back", async () => {
    const model = smallModel();
    await model.predict(seededInput("x", [1, 8, 8, 3]));
    assert.ok((await model.memoryBytes()) > 0);
    model.dispose();
    model.dispose();
    assert.equal(await model.memoryBytes(), 0);
    await assert.rejects(model.predict(seededInput("x", [1, 8, 8, 3])), /Model 'small' was disposed of/);
  });
});

describe("Sequential", () => {
  test("builds with an Input, layer by layer", () => {
    const model = new Sequential();
    model.add(Input({ shape: [4] }));
    model.add(new Dense({ units: 3, name: "d1" }));
    assert.equal(model.weights.length, 2);
    model.add(new Dense({ units: 2, name: "d2" }));
    assert.deepEqual(model.output.shape, [null, 2]);
    assert.deepEqual(
      model.layers.map(({ name }) => name),
      ["d1", "d2"],
    );
    assert.equal(model.pop()?.name, "d2");
    assert.deepEqual(model.output.shape, [null, 3]);
    assert.throws(
      () => model.add(new Dense({ units: 2, name: "d1" })),
      /should have unique names\. Name 'd1' is already the name of a layer/,
    );
    assert.throws(() => model.add(Input({ shape: [4] })), /has already been configured to use input shape \(None, 4\)/);
  });

  test("without an Input takes its shape from build or from the first batch", async () => {
    const model = new Sequential([new Dense({ units: 2, useBias: false, name: "d" })]);
    assert.equal(model.built, false);
    assert.throws(() => model.input, /has no defined input shape yet/);
    using late = model;
    assert.deepEqual((await late.predict(new Tensor([5, 3], new Float32Array(15)))).shape, [5, 2]);
    assert.deepEqual(late.input.shape, [null, 3]);
    const built = new Sequential([new Dense({ units: 2 })]);
    built.build([[null, 7]]);
    assert.equal(built.countParams(), 16);
  });

  test("holds a MobileNetV2 as a layer and answers as the pieces do, within 1e-5", async () => {
    const base = await MobileNetV2({ inputShape: [32, 32, 3], alpha: 0.35, includeTop: false, weights: null });
    seedWeights(base, "nested");
    const head = new Dense({ units: 3, activation: "softmax", name: "head" });
    using model = new Sequential([base, new GlobalAveragePooling2D({ name: "gap" }), head]);
    const x = seededInput("x", [2, 32, 32, 3]);
    const y = await model.predict(x);
    assert.deepEqual(y.shape, [2, 3]);
    const [expected] = evaluate(programOf(model.graph), [x]);
    assertWithin(y.data, expected?.data ?? [], 1e-5);
    assert.equal(model.countParams(), base.countParams() + 1280 * 3 + 3);
    base.trainable = false;
    assert.equal(model.trainableWeights.length, 2);
  });
});
