/** Models give their memory back: at once with dispose, in time without it. How much that is, models that are kept tell. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { zeros } from "../../src/core/tensor.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Model } from "../../src/models/model.ts";
import { besideKept, growth } from "../support/memory.ts";

/**
 * Nearly all of its memory is WebAssembly's: the values between its layers. On one thread: what several share is given back when the
 * last of them collects its garbage, which nothing here can ask for.
 */
async function wideModel(): Promise<Model> {
  const input = Input({ shape: [512, 512, 1] });
  const wide = new Conv2D({ filters: 8, kernelSize: 1 }).apply(input);
  const model = new Model({ inputs: input, outputs: new GlobalAveragePooling2D().apply(wide), threads: 1 });
  await model.predict(zeros([1, 512, 512, 1]));
  return model;
}

/** Nearly all of its memory is JavaScript's, beside a copy in WebAssembly: its weights. */
async function deepModel(): Promise<Model> {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], weights: null });
  await model.predict(zeros([1, 32, 32, 3]));
  return model;
}

test("models that are disposed of leave less than a quarter of WebAssembly's memory behind, even if someone holds them", async () => {
  const held: Model[] = [];
  const keep = async (): Promise<Model> => {
    const model = await wideModel();
    held.push(model);
    return model;
  };
  const dispose = async (): Promise<void> => (await keep()).dispose();
  await growth(10, dispose);
  const kept = await growth(10, async () => void (await keep()));
  const left = await growth(40, dispose);
  assert.equal(held.length, 60);
  assert.ok(left.resident < kept.resident / 4, besideKept(left.resident, kept.resident));
});

for (const [what, make, kind, times] of [
  ["WebAssembly's", wideModel, "resident", 10],
  ["JavaScript's", deepModel, "objects", 4],
] as const) {
  test(`models that are dropped leave less than a quarter of ${what} memory behind`, async () => {
    const held: Model[] = [];
    const drop = async (): Promise<void> => void (await make());
    await growth(times, drop);
    const kept = await growth(times, async () => void held.push(await make()));
    const left = await growth(times * 2, drop);
    assert.equal(held.length, times);
    assert.ok(left[kind] < kept[kind] / 4, besideKept(left[kind], kept[kind]));
  });
}

test("predictions leave less than a tenth of their answers' memory behind", async () => {
  const held: unknown[] = [];
  const input = Input({ shape: [64, 64, 3] });
  using model = new Model({ inputs: input, outputs: new Conv2D({ filters: 32, kernelSize: 1 }).apply(input) });
  const x = zeros([1, 64, 64, 3]);
  const predict = async (): Promise<void> => void (await model.predict(x));
  await growth(50, predict);
  const kept = await growth(10, async () => void held.push(await model.predict(x)));
  const left = await growth(500, predict);
  assert.equal(held.length, 10);
  assert.ok(left.objects < kept.objects / 10, besideKept(left.objects, kept.objects));
  assert.ok(left.resident < kept.objects / 10, besideKept(left.resident, kept.objects));
});
