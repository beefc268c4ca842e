/** Quantized models as ONNX: what reads back. What onnxruntime answers: test/peers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { quantize } from "../../src/models/quantized/quantize.ts";
import { assertWithin } from "../support/compare.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";

const picture = seededInput("quantized-onnx/0", [1, 32, 32, 3]);
const pictures = Array.from({ length: 6 }, (_, i) => seededInput(`quantized-onnx/${i}`, [1, 32, 32, 3]));

async function original(includeTop: boolean): ReturnType<typeof MobileNetV2> {
  const model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 5, includeTop });
  seedWeights(model, "quantized-onnx");
  return model;
}

const model = await original(true);
const quantized = await quantize(model, pictures);
quantized.classNames = ["a", "b", "c", "d", "e"];

test("a file of a byte a weight, which reads back within 0.1 of the float32 model, under the same names", async () => {
  const bytes = await quantized.toOnnx();
  assert.ok(bytes.length < 1.05 * quantized.toBytes().length);
  using loaded = await loadModel(bytes);
  assert.equal(loaded.name, model.name);
  assert.deepEqual(loaded.classNames, quantized.classNames);
  assertWithin((await loaded.predict(picture)).data, (await model.predict(picture)).data, 0.1);
  for (const name of ["Conv1", "block_1_expand", "block_16_project", "Conv_1", "predictions"]) {
    assert.deepEqual(loaded.getLayer(name).weight("kernel").shape, model.getLayer(name).weight("kernel").shape);
  }
});

test("float32 results of integer convolutions keep the layer's bounds", async () => {
  using features = await quantize(await original(false), pictures);
  const { data } = await features.predict(picture);
  assert.ok(Math.min(...data) >= 0 && Math.max(...data) <= 6);
});
