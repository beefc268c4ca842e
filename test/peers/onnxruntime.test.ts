/** onnxruntime opens the ONNX that we write, float32 and QDQ, and answers the same; we open other converters' files as it does. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import type { Model } from "../../src/models/model.ts";
import { quantize } from "../../src/models/quantized/quantize.ts";
import { savingFixture } from "../saving/files.ts";
import { MODELS, sizesOf } from "../saving/onnx/onnx-models.ts";
import { assertWithin, maxDifference, maxMagnitude } from "../support/compare.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";
import { needsShared, sharedBytes, sharedPath } from "../support/shared.ts";
import { needsPackages } from "./peers.ts";
import { IMAGENET, best, photographs } from "./pictures.ts";

/** What onnxruntime answers for each input. */
async function onnxruntime(bytes: Uint8Array, inputs: readonly Tensor<Float32Array>[]): Promise<Float32Array[]> {
  const ort = await import("onnxruntime-node");
  const session = await ort.InferenceSession.create(bytes);
  const [input = "", output = ""] = [session.inputNames[0], session.outputNames[0]];
  const answers: Float32Array[] = [];
  for (const { data, shape } of inputs) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const results = await session.run({ [input]: new ort.Tensor("float32", data, shape) });
    answers.push(results[output]?.data ?? new Float32Array());
  }
  await session.release();
  return answers;
}

describe("float32, as we write it", { skip: needsPackages }, () => {
  for (const [name, make] of Object.entries(MODELS)) {
    test(`${name}: within 1e-5 of the largest`, async () => {
      using model = await make();
      const x = seededInput("onnx", sizesOf(model));
      const ours = (await model.predict(x)).data;
      const [theirs] = await onnxruntime(await model.toBytes("onnx"), [x]);
      assertWithin(theirs ?? [], ours, 1e-5 * Math.max(1, maxMagnitude(ours)));
    });
  }

  test("MobileNetV2 0.35_96: within 1e-5", async () => {
    using model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null });
    seedWeights(model, "peers/onnx");
    const x = seededInput("peers/onnx", [2, 96, 96, 3]);
    const [theirs] = await onnxruntime(await model.toBytes("onnx"), [x]);
    assertWithin(theirs ?? [], (await model.predict(x)).data, 1e-5);
  });

  test("MobileNetV2 1.0_224 with ImageNet weights: within 1e-5 on 4 photographs", { skip: needsShared }, async () => {
    using model = await MobileNetV2({ weights: sharedPath(IMAGENET) });
    const pictures = await photographs(4);
    const theirs = await onnxruntime(await model.toBytes("onnx"), pictures);
    for (const [i, picture] of pictures.entries()) {
      // oxlint-disable-next-line no-await-in-loop
      assertWithin(theirs[i] ?? [], (await model.predict(picture)).data, 1e-5);
    }
  });
});

/** onnxruntime rounds elsewhere than we do: what it answers is another model of the same noise, not the same numbers. */
describe("QDQ, as we write it: the best class of our integers, at most 1.5 times their distance from float32", () => {
  test("MobileNetV2 0.35_96 of seeded weights, 16 noises", { skip: needsPackages }, async () => {
    using model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null, classes: 10 });
    seedWeights(model, "peers/qdq");
    const pictures = Array.from({ length: 16 }, (_, i) => seededInput(`peers/qdq/${i}`, [1, 96, 96, 3]));
    await assertSameNoise(model, pictures, pictures);
  });

  test(
    "MobileNetV2 1.0_224 with ImageNet weights, 24 photographs",
    { skip: needsPackages || needsShared },
    async () => {
      using model = await MobileNetV2({ weights: sharedPath(IMAGENET) });
      await assertSameNoise(model, await photographs(32), await photographs(24, 40));
    },
  );
});

async function assertSameNoise(
  model: Model,
  calibration: readonly Tensor<Float32Array>[],
  pictures: readonly Tensor<Float32Array>[],
): Promise<void> {
  const quantized = await quantize(model, calibration);
  const theirs = await onnxruntime(await quantized.toOnnx(), pictures);
  let [ours, others] = [0, 0];
  for (const [i, picture] of pictures.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const [exact, own] = [await model.predict(picture), await quantized.predict(picture)];
    const answer = theirs[i] ?? new Float32Array();
    assert.equal(best(answer), best(own.data), `picture ${i}`);
    ours += maxDifference(own.data, exact.data);
    others += maxDifference(answer, exact.data);
  }
  assert.ok(others <= 1.5 * ours, `${others / pictures.length} from float32, where ours is ${ours / pictures.length}`);
}

describe("other converters' files", { skip: needsPackages }, () => {
  for (const name of ["tiny.onnx", "torch.onnx", "torch-opset9.onnx", "torch-unfolded.onnx", "torch-hf.onnx"]) {
    test(`${name}: we answer within 1e-5 of the largest`, async () => {
      const bytes = savingFixture(`graphs/${name}`);
      using model = await loadModel(bytes);
      const { data, shape } = seededInput("peers/onnx", [1, 20, 20, 3]);
      const first = name.startsWith("torch") ? channelsFirst(data, shape) : seededInput("peers/onnx", shape);
      const [theirs = new Float32Array()] = await onnxruntime(bytes, [first]);
      const ours = await model.predict(seededInput("peers/onnx", shape));
      assertWithin(ours.data, theirs, 1e-5 * Math.max(1, maxMagnitude(theirs)));
    });
  }

  test("tf2onnx's MobileNetV2 1.0_224: within 1e-5 on 4 photographs", { skip: needsShared }, async () => {
    const bytes = sharedBytes("peers/mobilenet_v2_1.0_224_f32.onnx");
    using model = await loadModel(bytes);
    const pictures = await photographs(4);
    const theirs = await onnxruntime(bytes, pictures);
    for (const [i, picture] of pictures.entries()) {
      // oxlint-disable-next-line no-await-in-loop
      assertWithin((await model.predict(picture)).data, theirs[i] ?? [], 1e-5);
    }
  });
});

function channelsFirst(
  data: Float32Array,
  [batch = 1, rows = 1, cols = 1, channels = 1]: readonly number[],
): Tensor<Float32Array> {
  const turned = seededInput("", [batch, channels, rows, cols]);
  for (let i = 0; i < data.length; i++) {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    turned.data[channel * rows * cols + pixel] = data[i] ?? 0;
  }
  return turned;
}
