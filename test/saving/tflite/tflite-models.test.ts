/** TFLite files of test/fixtures/saving/tflite, made by its make.py: what their graphs do with axes, how they take pixels, what they are if they are not read. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { loadAnyModel, loadModel, readCheckpoint } from "../../../src/models/files/load-model.ts";
import { assertWithin } from "../../support/compare.ts";
import { savingFixture } from "../files.ts";

const input = new Tensor([2, 6, 5, 3], uniform("tflite/input", 2 * 6 * 5 * 3, -1, 1));
const answers = JSON.parse(new TextDecoder().decode(fixture("answers.json"))) as Record<string, readonly number[]>;

function fixture(name: string): Uint8Array {
  return savingFixture(`tflite/${name}`);
}

describe("two pictures are answered as TFLite answers each, within 1e-6", () => {
  for (const [name, layers] of [
    ["edge-impulse.tflite", ["Conv2D", "ReLU", "Dense", "ReLU", "Flatten", "Dense"]],
    ["edge-impulse-any-batch.tflite", ["Conv2D", "ReLU", "Dense", "ReLU", "Flatten", "Dense"]],
    ["edge-impulse-folded.tflite", ["Conv2D", "ReLU", "Dense", "ReLU", "Flatten", "Dense"]],
    ["buffers-outside.tflite", ["Conv2D", "ReLU", "Dense", "ReLU", "Flatten", "Dense"]],
    ["channels-first.tflite", ["Rescaling", "Conv2D", "ReLU", "Rescaling", "GlobalAveragePooling2D", "Dense"]],
    ["resized.tflite", ["Resizing", "Conv2D", "ReLU", "Resizing", "Rescaling", "GlobalAveragePooling2D"]],
  ] as const) {
    test(name, async () => {
      using model = await loadModel(fixture(name));
      assert.deepEqual(model.input.shape, [null, 6, 5, 3]);
      assert.deepEqual(
        model.layers.slice(1).map(({ className }) => className),
        layers,
      );
      const { data, shape } = await model.predict(input);
      assert.deepEqual(shape, [2, name === "resized.tflite" ? 4 : 3]);
      assertWithin(data, answers[name] ?? [], 1e-6);
    });
  }
});

test("edge-impulse-int8.tflite, which rounds activations too: within 0.01 of TFLite", async () => {
  using model = await loadModel(fixture("edge-impulse-int8.tflite"));
  const pixels = new Tensor(
    input.shape,
    input.data.map((x) => (x + 1) / 2),
  );
  assertWithin((await model.predict(pixels)).data, answers["edge-impulse-int8.tflite"] ?? [], 0.01);
});

describe("a network that makes integers of floats at once says how it takes pixels", () => {
  for (const [name, expected] of [
    ["float-io-unit.tflite", { scale: 1 / 255, offset: 0 }],
    ["edge-impulse-int8.tflite", { scale: 1 / 255, offset: 0 }],
    ["float-io-pixels.tflite", { scale: 1, offset: 0 }],
    // x / 127.5 − 1, as everywhere.
    ["float-io-signed.tflite", undefined],
    ["float-io-other.tflite", undefined],
    ["edge-impulse.tflite", undefined],
  ] as const) {
    test(`${name}: ${JSON.stringify(expected)}`, async () => {
      assert.deepEqual((await readCheckpoint(fixture(name))).preprocessing, expected);
    });
  }

  test("float-io-torch.tflite: ImageNet's mean and deviation", async () => {
    const { scale, offset } = (await readCheckpoint(fixture("float-io-torch.tflite"))).preprocessing ?? {};
    assert.ok(Array.isArray(scale) && Array.isArray(offset));
    assertWithin(scale, [1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)], 1e-12);
    assertWithin(offset, [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], 1e-12);
  });
});

describe("what is not read is said, with what the file is", () => {
  for (const [name, reason] of [
    ["edgetpu.tflite", /^The TFLite file was compiled for the Edge TPU.* Take the \.tflite that it was compiled from/],
    [
      "detector.tflite",
      /^The TFLite file is an object detector \(SSD\).* the custom operator TFLite_Detection_PostProc/,
    ],
    ["flex.tflite", /^The TFLite file needs TensorFlow itself, for FlexErf/],
    ["segmentation.tflite", /^The TFLite file labels every pixel .* STRIDED_SLICE/],
    ["sparse.tflite", /^Tensor '.*' of the TFLite file is sparse/],
    ["external.tflite", /^Tensor '.*' of the TFLite file has its values in another file/],
    ["variable.tflite", /^Tensor '.*' of the TFLite file is a variable/],
    ["output-constant.tflite", /^The TFLite graph's output '.*' is a constant/],
  ] as const) {
    test(name, async () => {
      const { model, unread, tensors, format } = await readCheckpoint(fixture(name));
      assert.deepEqual([format, model, tensors.length > 3], ["TFLite", undefined, true]);
      assert.match(unread?.reason ?? "", reason);
      assert.deepEqual(unread?.inputs[0]?.shape, [1, 6, 5, 3]);
      assert.equal(unread?.outputs.length, 1);
      await assert.rejects(loadModel(fixture(name)), { code: "UnsupportedError", message: reason });
    });
  }
});

test("an output may be an input", async () => {
  using model = await loadAnyModel(fixture("output-input.tflite"));
  assert.deepEqual(
    model.outputs.map(({ shape }) => shape),
    [
      [null, 3],
      [null, 6, 5, 3],
    ],
  );
});
