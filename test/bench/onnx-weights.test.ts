import assert from "node:assert/strict";
import { test } from "node:test";
import { assignFolded, foldedLayers } from "../../bench/onnx-weights.ts";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { needsShared, sharedBytes } from "../support/shared.ts";

test("the peers' ONNX file has weights for every layer of MobileNetV2 1.0_224", { skip: needsShared }, async () => {
  const layers = foldedLayers(sharedBytes("peers/mobilenet_v2_1.0_224_f32.onnx"));
  assert.equal(layers.length, 53);
  assert.equal(layers.filter(({ depthwise }) => depthwise).length, 17);
  const model = await MobileNetV2({ weights: null });
  assignFolded(model, layers);
  const { kernel, shape } = layers[0] ?? { kernel: new Float32Array(), shape: [] };
  assert.deepEqual(shape, [3, 3, 3, 32]);
  assert.deepEqual(model.getLayer("Conv1").weight("kernel").values, kernel);
  assert.ok(kernel.every(Number.isFinite) && kernel.some((value) => value !== 0));
});
