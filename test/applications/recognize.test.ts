/** Which MobileNetV2 some shapes are of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { recognizeMobileNetV2 } from "../../src/applications/recognize.ts";

test("every published width, others, and models without a top are recognized by their shapes in any order", async () => {
  for (const alpha of [0.35, 0.5, 0.75, 1, 1.3, 1.4, 0.25, 2]) {
    for (const includeTop of [true, false]) {
      const model = await MobileNetV2({ alpha, weights: null, includeTop, inputShape: [32, 32, 3], classes: 7 });
      const shapes = model.weights.map(({ shape }) => shape).toReversed();
      assert.deepEqual(recognizeMobileNetV2(shapes), { alpha, includeTop, classes: includeTop ? 7 : undefined });
    }
  }
});

test("what is no MobileNetV2 is not recognized", async () => {
  const model = await MobileNetV2({ alpha: 1, weights: null, inputShape: [32, 32, 3] });
  const shapes = model.weights.map(({ shape }) => shape);
  assert.equal(recognizeMobileNetV2([]), undefined);
  const without = shapes.filter(([rows, , channels]) => !(rows === 3 && channels === 960));
  assert.equal(recognizeMobileNetV2(without), undefined);
});
