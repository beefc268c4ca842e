import assert from "node:assert/strict";
import { test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { zeros } from "../../src/core/tensor.ts";
import { blankQuantized } from "../../src/models/quantized/blank-quantized.ts";

test("a blank quantized model predicts, without pictures and without knowing anything", async () => {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], weights: null });
  using blank = blankQuantized(model);
  const { shape, data } = await blank.predict(zeros([2, 32, 32, 3]));
  assert.deepEqual(shape, [2, 1000]);
  assert.ok(data.every((score) => Math.abs(score - 1e-3) < 1e-9));
});
