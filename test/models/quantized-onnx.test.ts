/** Quantized models as ONNX: what reads back, and what onnxruntime answers where bench/thirdparty is installed. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { quantize } from "../../src/models/quantize.ts";
import type { QuantizedModel } from "../../src/models/quantized-model.ts";
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

interface OnnxRuntime {
  readonly InferenceSession: {
    create(bytes: Uint8Array): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
    }>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => unknown;
}

const peers = new URL("../../bench/thirdparty/node_modules/onnxruntime-node/package.json", import.meta.url);

async function onnxruntime(file: QuantizedModel): Promise<Float32Array> {
  const ort = createRequire(peers)("onnxruntime-node") as OnnxRuntime;
  const session = await ort.InferenceSession.create(await file.toOnnx());
  const input = new ort.Tensor("float32", picture.data, picture.shape);
  const results = await session.run({ [session.inputNames[0] ?? ""]: input });
  return results[session.outputNames[0] ?? ""]?.data ?? new Float32Array();
}

describe("onnxruntime", { skip: !existsSync(peers) && "needs the packages of bench/thirdparty" }, () => {
  test("answers within 0.15 of the float32 model", async () => {
    assertWithin(await onnxruntime(quantized), (await model.predict(picture)).data, 0.15);
  });
});
