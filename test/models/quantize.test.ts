/** quantize(): what it takes, what it refuses. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Dense,
  GlobalAveragePooling2D,
  Input,
  MobileNetV2,
  MobileNetV2Error,
  Model,
  Tensor,
  loadQuantized,
  quantize,
} from "mobilenet-v2";
import { Softmax } from "mobilenet-v2/layers";
import { uniform } from "../../src/core/random.ts";
import { hasMode } from "../../src/engine/integers/modes.ts";
import { seedWeights } from "../support/seeded.ts";

const SIZE = 32;

function pictures(count: number): Tensor<Float32Array> {
  return new Tensor([count, SIZE, SIZE, 3], uniform("quantize", count * SIZE * SIZE * 3, -1, 1));
}

async function model(): Promise<Model> {
  const made = await MobileNetV2({ weights: null, alpha: 0.35, inputShape: [SIZE, SIZE, 3], classes: 5 });
  seedWeights(made, "quantize");
  return made;
}

function isError(code: string, message: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof MobileNetV2Error, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

describe("quantize", () => {
  it("gives a model with the same predict, from a batch, pictures, or batches that come one by one; scores within 0.2", async () => {
    const original = await model();
    const x = pictures(4);
    const one = (i: number): Tensor<Float32Array> =>
      new Tensor([SIZE, SIZE, 3], x.data.slice(i * SIZE * SIZE * 3, (i + 1) * SIZE * SIZE * 3));
    async function* later() {
      for (let i = 0; i < 4; i++) yield await Promise.resolve(one(i));
    }
    const results = [];
    for (const data of [x, [0, 1, 2, 3].map(one), later()]) {
      using quantized = await quantize(original, data);
      const scores = await quantized.predict(x);
      assert.deepEqual(scores.shape, [4, 5]);
      assert.deepEqual((await quantized.predict(one(0))).data, scores.data.slice(0, 5));
      results.push(scores.data);
    }
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(results[2], results[0]);
    const expected = await original.predict(x);
    for (const [i, score] of (results[0] ?? []).entries())
      assert.ok(Math.abs(score - (expected.data[i] ?? NaN)) < 0.2, `${score} for ${expected.data[i]}`);
  });

  it("takes a number of threads of its own, which changes no bit, and refuses what is none", async () => {
    const original = await model();
    const x = pictures(4);
    using alone = await quantize(original, x, { threads: 1 });
    using shared = await quantize(original, x, { threads: 2 });
    assert.deepEqual((await shared.predict(x)).data, (await alone.predict(x)).data);
    await assert.rejects(
      quantize(original, x, { threads: 0 }),
      isError("ValueError", /`threads` should be a whole number/),
    );
  });

  it("says its shapes, and keeps names of classes and the way pixels are scaled, in its file too", async () => {
    const original = await model();
    original.classNames = ["a", "b", "c", "d", "e"];
    original.preprocessing = { scale: 1 / 255, offset: 0 };
    const quantized = await quantize(original, pictures(1));
    for (const one of [quantized, await loadQuantized(quantized.toBytes())]) {
      assert.equal(one.name, original.name);
      assert.deepEqual(one.inputShape, [null, SIZE, SIZE, 3]);
      assert.deepEqual(one.outputShape, [null, 5]);
      assert.deepEqual(one.classNames, original.classNames);
      assert.deepEqual(one.preprocessing, original.preprocessing);
    }
  });

  it("leaves the model as it is, and does not follow it", async () => {
    const original = await model();
    const x = pictures(2);
    const before = await original.predict(x);
    const quantized = await quantize(original, x);
    const integers = await quantized.predict(x);
    assert.deepEqual(await original.predict(x), before);
    original
      .getLayer("predictions")
      .weight("kernel")
      .assign(new Float32Array(1280 * 5));
    assert.deepEqual(await quantized.predict(x), integers);
  });

  it("takes a quarter of the memory, gives it back, and cannot be asked any more then", async () => {
    const original = await model();
    const x = pictures(1);
    await original.predict(x);
    const quantized = await quantize(original, x);
    assert.equal(await quantized.memoryBytes(), 0);
    await quantized.predict(x);
    assert.ok((await quantized.memoryBytes()) < 0.4 * (await original.memoryBytes()));
    quantized.dispose();
    await assert.rejects(quantized.predict(x), isError("StateError", /disposed/));
  });

  it("several inputs and outputs", async () => {
    const [a, b] = [Input({ shape: [6] }), Input({ shape: [7] })];
    const outputs = [new Softmax().apply(new Dense({ units: 3 }).apply(a)), new Dense({ units: 2 }).apply(b)];
    const original = new Model({ inputs: [a, b], outputs });
    const x = [new Tensor([2, 6], uniform("a", 12, -1, 1)), new Tensor([2, 7], uniform("b", 14, -1, 1))];
    const quantized = await quantize(original, [x]);
    const shapes = (await quantized.predictAll(x)).map(({ shape }) => shape);
    assert.deepEqual(shapes, [
      [2, 3],
      [2, 2],
    ]);
    await assert.rejects(quantized.predict(x), isError("ValueError", /2 outputs/));
  });

  it("refuses what does not fit, with words", async () => {
    const original = await model();
    const x = pictures(1);
    await assert.rejects(quantize(original, []), isError("ValueError", /no pictures/));
    await assert.rejects(
      quantize(original, new Tensor([0, SIZE, SIZE, 3], new Float32Array())),
      isError("ValueError", /no pictures/),
    );
    await assert.rejects(
      quantize(original, new Tensor([1, 8, 8, 3], new Float32Array(192))),
      isError("ValueError", /expected shape/),
    );
    await assert.rejects(quantize(original, Object(5)), isError("ValueError", /calibrationData/));
    await assert.rejects(
      quantize(original, new Tensor(x.shape, x.data.slice().fill(NaN, 0, 1))),
      isError("ValueError", /NaN or infinity/),
    );
    await assert.rejects(
      quantize(original, x, { ranges: Object("best") }),
      isError("ValueError", /`ranges` should be/),
    );
    await assert.rejects(quantize(original, x, { percentile: 10 }), isError("ValueError", /`percentile` should be/));
    await assert.rejects(quantize(original, x, { mode: Object("u7") }), isError("ValueError", /`mode` should be/));
    const other = (["u8", "s8"] as const).find((mode) => !hasMode(mode));
    if (other !== undefined)
      await assert.rejects(quantize(original, x, { mode: other }), isError("ValueError", /on this machine/));
    const image = Input({ shape: [4, 4, 3] });
    const nothing = new Model({ inputs: image, outputs: new GlobalAveragePooling2D().apply(image) });
    await assert.rejects(
      quantize(nothing, new Tensor([1, 4, 4, 3], new Float32Array(48))),
      isError("ValueError", /no layer to quantize/),
    );
  });

  it("NaN in a picture is a number like any other", async () => {
    const quantized = await quantize(await model(), pictures(1));
    const x = pictures(1);
    x.data.fill(NaN, 0, 100);
    assert.ok((await quantized.predict(x)).data.every(Number.isFinite));
  });
});
