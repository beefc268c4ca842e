/** TFLite files that are written: their structure, and what reads back. What LiteRT answers: test/peers/litert.test.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import { loadModel, readCheckpoint } from "../../../src/models/files/load-model.ts";
import type { Model } from "../../../src/models/model.ts";
import { Sequential } from "../../../src/models/sequential.ts";
import { Activation, Conv2D, Input, ReLU } from "../../../src/public/layers.ts";
import { rootTable } from "../../../src/saving/tflite/flatbuffer.ts";
import { assertWithin } from "../../support/compare.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";
import { inputs, model, written } from "./written.ts";

async function assertReadsBack(made: Model | Sequential, tolerance = 1e-5): Promise<void> {
  using loaded = await loadModel(await made.toBytes("tflite"));
  assertWithin((await loaded.predict(inputs)).data, (await made.predict(inputs)).data, tolerance);
}

describe("what reads back predicts the same, within 1e-5", () => {
  for (const [name, make] of Object.entries(written)) test(name, () => assertReadsBack(make()));
});

describe("MobileNetV2", async () => {
  const made = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 3 });
  seedWeights(made, "tflite/write");
  made.classNames = ["rose", "Löwenzahn", "two\nlines"];
  made.preprocessing = { scale: [1 / 64, 1 / 32, 1 / 16], offset: [-1, 0, 0.5] };
  const bytes = await made.toBytes("tflite");

  test("names of layers, the scaling of pixels and names of classes come back; a name has no second line", async () => {
    using loaded = await loadModel(bytes);
    assert.equal(loaded.getLayer("block_3_expand").className, "Conv2D");
    assert.equal(loaded.layers.at(-1)?.name, "predictions");
    assert.deepEqual(loaded.preprocessing, made.preprocessing);
    assert.deepEqual(loaded.classNames, ["rose", "Löwenzahn", "two lines"]);
    const [input] = seededPictures();
    assertWithin((await loaded.predict(input)).data, (await made.predict(input)).data, 1e-5);
  });

  test("the file is TFL3 of version 3, its first buffer is empty, and values lie on multiples of 16 bytes", () => {
    assert.equal(new TextDecoder().decode(bytes.subarray(4, 8)), "TFL3");
    const root = rootTable(bytes);
    assert.equal(root.uint32(0), 3);
    const [first, ...buffers] = root.tables(4).map((buffer) => buffer.bytes(0));
    assert.equal(first, undefined);
    assert.ok(buffers.length > 100);
    for (const buffer of buffers) assert.equal(((buffer?.byteOffset ?? 1) - bytes.byteOffset) % 16, 0);
  });

  test("bounds and normalizations are folded: no operator is left of them", () => {
    const root = rootTable(bytes);
    const codes = root.tables(1).map((code) => [code.int8(0), code.int32(3), code.int32(2, 1)]);
    const names = new Map([
      [3, "CONV_2D"],
      [4, "DEPTHWISE_CONV_2D"],
      [0, "ADD"],
      [40, "MEAN"],
      [9, "FULLY_CONNECTED"],
      [25, "SOFTMAX"],
    ]);
    assert.deepEqual(new Set(codes.map(([, code]) => names.get(code ?? -1))), new Set(names.values()));
    assert.ok(codes.every(([old, code, version]) => old === code && version === 1));
  });

  test("float16: half the size; the kernels round to 11 bits", async () => {
    const halves = await made.toBytes("tflite", { dtype: "float16" });
    assert.ok(halves.length < 0.6 * bytes.length, `${halves.length} of ${bytes.length}`);
    const [whole, half] = await Promise.all([readCheckpoint(bytes), readCheckpoint(halves)]);
    for (const [name, tensor] of whole.weights) {
      const rounded = half.weights.get(name)?.read() ?? [];
      const exact = tensor.read();
      assert.ok(rounded.length === exact.length && exact.length > 0, name);
      for (const [i, value] of exact.entries()) {
        assert.ok(Math.abs((rounded[i] ?? NaN) - value) <= Math.abs(value) / 2048 + 2 ** -25, `${name}: ${value}`);
      }
    }
  });
});

function seededPictures() {
  return [seededInput("tflite/write", [2, 32, 32, 3])] as const;
}

describe("what is not written is said", () => {
  for (const [why, layers, code, message] of [
    [
      "an activation without an operator",
      [new Activation({ activation: "softsign", name: "soft" })],
      "UnsupportedError",
      /softsign of layer 'soft' is not written to TFLite/,
    ],
    [
      "a layer without one",
      [new ReLU({ threshold: 1, name: "steps" })],
      "UnsupportedError",
      /'steps' \(ReLU\) computes what no operator of TFLite does/,
    ],
  ] as const) {
    test(why, () => assert.rejects(model(layers).toBytes("tflite"), { code, message }));
  }

  test("pictures of any size", async () => {
    const any = new Sequential([Input({ shape: [null, null, 3], name: "pictures" }), new ReLU()]);
    await assert.rejects(any.toBytes("tflite"), (error) => {
      assert.ok(error instanceof MobileNetV2Error && error.code === "ValueError");
      assert.match(error.message, /'pictures' takes any: \(None, None, None, 3\).*inputShape/);
      return true;
    });
  });

  test("a weight beyond float16, by its name; another type; a format without it", async () => {
    const made = model([new Conv2D({ filters: 1, kernelSize: 1, name: "large" })]);
    made
      .getLayer("large")
      .weight("kernel")
      .assign(Float32Array.of(1, 2, 70000, 3));
    for (const format of ["tflite", "onnx", "safetensors"]) {
      await assert.rejects(made.toBytes(format, { dtype: "float16" }), {
        code: "ValueError",
        message: /'large\/kernel' has the value 70000/,
      });
    }
    await assert.rejects(made.toBytes("keras", { dtype: "float16" }), {
      message: /safetensors.*tflite "float16".*format=keras/,
    });
    // @ts-expect-error -- JavaScript can say what it wants
    await assert.rejects(made.toBytes("onnx", { dtype: "float8" }), { code: "ValueError", message: /dtype=float8/ });
  });
});

for (const format of ["onnx", "safetensors", "timm"]) {
  test(`float16 in ${format}: 0.6 of the size and less; predictions within 0.01`, async () => {
    const made = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 3 });
    seedWeights(made, "tflite/write");
    const [whole, half] = await Promise.all([made.toBytes(format), made.toBytes(format, { dtype: "float16" })]);
    assert.ok(half.length < 0.6 * whole.length, `${half.length} of ${whole.length}`);
    const [input] = seededPictures();
    using loaded = await loadModel(half);
    assertWithin((await loaded.predict(input)).data, (await made.predict(input)).data, 0.01);
    const { tensors } = await readCheckpoint(half);
    assert.ok(tensors.some(({ dtype }) => dtype === "float16"));
  });
}
