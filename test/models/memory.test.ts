/** Models give their memory back: at once with dispose, in time without it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { zeros } from "../../src/core/tensor.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const MEGABYTE = 2 ** 20;

/** Resident memory once garbage is collected. */
async function resident(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return process.memoryUsage.rss();
}

async function predictOnce(dispose: boolean): Promise<void> {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null });
  await model.predict(zeros([1, 96, 96, 3]));
  if (dispose) model.dispose();
}

for (const dispose of [true, false]) {
  test(`40 models, made, used and ${dispose ? "disposed of" : "dropped"}, leave less than 60 MB behind`, async () => {
    for (let i = 0; i < 40; i++) await predictOnce(dispose);
    const before = await resident();
    for (let i = 0; i < 40; i++) await predictOnce(dispose);
    const after = await resident();
    assert.ok(after - before < 60 * MEGABYTE, `${((after - before) / MEGABYTE).toFixed(1)} MB more`);
  });
}

test("2,000 predictions do not make the process grow by more than 20 MB", async () => {
  using model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], weights: null });
  const x = zeros([1, 32, 32, 3]);
  for (let i = 0; i < 200; i++) await model.predict(x);
  const before = await resident();
  for (let i = 0; i < 2000; i++) await model.predict(x);
  const after = await resident();
  assert.ok(after - before < 20 * MEGABYTE, `${((after - before) / MEGABYTE).toFixed(1)} MB more`);
});
