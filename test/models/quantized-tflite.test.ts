/** Quantized models as TFLite: their integers, and what reads back. What LiteRT answers: test/peers/litert.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { quantize } from "../../src/models/quantized/quantize.ts";
import { loadQuantized } from "../../src/models/quantized/quantized-model.ts";
import { rootTable } from "../../src/saving/tflite/flatbuffer.ts";
import { type TfliteTensor, readTfliteModel } from "../../src/saving/tflite/model.ts";
import { assertWithin } from "../support/compare.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";

const pictures = Array.from({ length: 4 }, (_, i) => seededInput(`quantized-tflite/${i}`, [1, 32, 32, 3]));
const model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 5 });
seedWeights(model, "quantized-tflite");
const quantized = await quantize(model, pictures);
quantized.classNames = ["a", "b", "c", "d", "e"];

const [FLOAT_TO_INT, INT_TO_FLOAT, SOFTMAX, ADD, CONV_2D] = [114, 6, 25, 0, 3];

function typesOf(tensors: readonly TfliteTensor[]): Set<string> {
  return new Set(tensors.map(({ dtype }) => dtype));
}

test("io int8: no float anywhere; uint8: nor there; float32: integers between QUANTIZE and DEQUANTIZE", async () => {
  const [int8, uint8, float32] = await Promise.all(
    (["int8", "uint8", undefined] as const).map(async (io) => readTfliteModel(await quantized.toTflite({ io }))),
  );
  assert.ok(int8 !== undefined && uint8 !== undefined && float32 !== undefined);
  const codes = ({ operators }: typeof int8): readonly number[] => operators.map(({ code }) => code);
  assert.deepEqual(typesOf(int8.tensors), new Set(["int8", "int32"]));
  assert.ok(!codes(int8).includes(FLOAT_TO_INT));
  assert.deepEqual(typesOf(uint8.tensors), new Set(["uint8", "int8", "int32"]));
  assert.deepEqual([codes(uint8)[0], codes(uint8).at(-1)], [FLOAT_TO_INT, FLOAT_TO_INT]);
  assert.deepEqual([codes(float32)[0], codes(float32).at(-1)], [FLOAT_TO_INT, INT_TO_FLOAT]);
  assert.deepEqual(codes(float32).slice(1, -1), codes(int8));
});

test("the scales are TFLite's: biases have that of input × weights, a softmax 1 / 256 from −128, additions one of each", async () => {
  const bytes = await quantized.toTflite({ io: "int8" });
  const { tensors, operators } = readTfliteModel(bytes);
  const scales = rootTable(bytes)
    .tables(2)[0]
    ?.tables(0)
    .map((tensor) => tensor.table(4)?.float32s(2) ?? []);
  const softmax = operators.find(({ code }) => code === SOFTMAX);
  const { scale, zeroPoint } = tensors[softmax?.outputs[0] ?? -1]?.quantization ?? {};
  assert.deepEqual([scale, zeroPoint], [1 / 256, -128]);
  for (const { code, inputs, outputs } of operators.filter((operator) => [ADD, CONV_2D].includes(operator.code))) {
    const ends = code === ADD ? [...inputs, ...outputs] : [inputs[0] ?? -1, ...outputs];
    for (const end of ends) {
      const { scale: one = 0, zeroPoint: zero = NaN } = tensors[end]?.quantization ?? {};
      assert.ok(one > 0 && zero >= -128 && zero <= 127, tensors[end]?.name ?? "");
    }
    if (code !== CONV_2D) continue;
    const [input, kernel, bias] = inputs.map((tensor) => scales?.[tensor] ?? []);
    assert.deepEqual(
      bias,
      kernel?.map((unit) => Math.fround(unit * (input?.[0] ?? NaN))),
    );
    assert.ok((bias?.length ?? 0) > 1);
  }
});

test("what reads back is within 0.1 of the float32 model, with names of classes and the scaling of pixels", async () => {
  const [x] = pictures;
  assert.ok(x !== undefined);
  using loaded = await loadModel(await quantized.toTflite({ io: "uint8" }));
  assertWithin((await loaded.predict(x)).data, (await model.predict(x)).data, 0.1);
  assert.deepEqual(loaded.classNames, quantized.classNames);
  assert.deepEqual(loaded.preprocessing, { scale: 1 / 127.5, offset: -1 });
  assert.equal(loaded.getLayer("block_16_project").className, "Conv2D");
});

test("a quantized model that was saved and loaded is written to the same bytes", async () => {
  const again = await loadQuantized(quantized.toBytes());
  assert.deepEqual(await again.toTflite(), await quantized.toTflite());
});

test("another io, and an io for another format, are refused", async () => {
  // @ts-expect-error -- JavaScript can say what it wants
  await assert.rejects(quantized.toTflite({ io: "int16" }), { code: "ValueError", message: /io=int16/ });
  await assert.rejects(quantized.save("x.onnx", { io: "int8" }), {
    code: "ValueError",
    message: /`io` is for the format "tflite"/,
  });
});
