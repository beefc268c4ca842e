/** TFLite files of the reference folder and of the fixtures: we answer as LiteRT does; and LiteRT answers for the files that we write. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { stack } from "../../src/core/tensor.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { quantize } from "../../src/models/quantized/quantize.ts";
import { assertWithin } from "../support/compare.ts";
import { seededInput } from "../support/seeded.ts";
import { needsShared, sharedPath } from "../support/shared.ts";
import { inputs, written } from "../saving/tflite/written.ts";
import { type Answer, Asked, needsPython } from "./peers.ts";
import { IMAGENET, best, photographs } from "./pictures.ts";

interface LitertAnswer extends Answer {
  /** The names of the operators that ran. */
  readonly operators?: readonly string[];
}

const asked = new Asked<LitertAnswer>("litert", "litert_models.py");
const missing = needsPython("litert");

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/saving/graphs/${name}`, import.meta.url));
}

describe("small files of every kind", { skip: missing }, () => {
  const x = seededInput("peers/litert", [1, 20, 20, 3]);
  for (const [name, tolerance, why] of [
    ["tiny.tflite", 1e-5, ""],
    ["tiny-float16.tflite", 1e-5, ""],
    ["tiny-int8.tflite", 0.05, ", which rounds activations too"],
    ["tiny-int8-per-tensor.tflite", 0.05, ", which rounds activations too"],
    ["tiny-uint8.tflite", 0.05, ", which rounds activations too"],
  ] as const) {
    const answer = asked.task({ file: fixture(name) }, x);
    test(`${name}: within ${tolerance} of LiteRT${why}`, async () => {
      using model = await loadModel(fixture(name));
      assertWithin((await model.predict(x)).data, answer().output ?? [], tolerance);
    });
  }
});

describe("MobileNetV2 1.0_224 of seeded weights, 8 photographs", { skip: missing || needsShared }, async () => {
  if (needsShared !== false) return;
  const x = stack((await photographs(8)).map((picture) => picture.reshape([224, 224, 3])));
  const [float, int8] = ["f32", "int8"].map((kind) => sharedPath(`peers/mobilenet_v2_1.0_224_${kind}.tflite`));
  const answer = asked.task({ file: float }, x);
  test("float32: within 1e-5 of LiteRT, the same best class", async () => {
    using model = await loadModel(float ?? "");
    const { data } = await model.predict(x);
    const { output = [] } = answer();
    assertWithin(data, output, 1e-5);
    assert.deepEqual(rows(data).map(best), rows(output).map(best));
  });

  // Its probabilities, near 1 / 1000 with these weights, are all 0 of 256 steps: what the softmax is given says more.
  const logits = asked.task({ file: int8, logits: true }, x);
  test("int8: logits correlate with LiteRT's, which rounds activations too, by 0.999 and more", async () => {
    using model = await loadModel(int8 ?? "");
    const ours = rows((await model.predict(x)).data).map((row) => row.map(Math.log));
    for (const [i, theirs] of rows(logits().output ?? []).entries()) {
      const found = correlation(ours[i] ?? [], theirs);
      assert.ok(found >= 0.999, `photograph ${i}: ${found}`);
    }
  });
});

describe("small models that we write: within 1e-5 of ours", { skip: missing }, async () => {
  if (missing !== false) return;
  for (const [name, make] of Object.entries(written)) {
    const made = make();
    const file = asked.path(`${name.replaceAll(/\W+/g, "-")}.tflite`);
    await made.save(file);
    const answer = asked.task({ file }, inputs);
    test(name, async () => {
      assertWithin((await made.predict(inputs)).data, answer().output ?? [], 1e-5);
    });
  }
});

describe(
  "small models that we write in integers: within 3 % of our float32's largest number",
  { skip: missing },
  async () => {
    if (missing !== false) return;
    // The first layers of the others have no integers: a grouped convolution, and a depthwise one with a multiplier.
    const ofIntegers = Object.entries(written).filter(([name]) => !/grouped|multiplier/.test(name));
    for (const [name, make] of ofIntegers) {
      const original = make();
      // oxlint-disable-next-line no-await-in-loop -- a few milliseconds each
      const made = await quantize(original, inputs);
      const file = asked.path(`${name.replaceAll(/\W+/g, "-")}-int8.tflite`);
      // oxlint-disable-next-line no-await-in-loop
      await made.save(file);
      const answer = asked.task({ file }, inputs);
      test(name, async () => {
        const { data } = await original.predict(inputs);
        assertWithin(answer().output ?? [], data, 0.03 * Math.max(...data.map(Math.abs)));
      });
    }
  },
);

describe("MobileNetV2 1.0_224 of ImageNet, written by us", { skip: missing || needsShared }, async () => {
  if (missing !== false || needsShared !== false) return;
  const model = await MobileNetV2({ weights: sharedPath(IMAGENET) });
  const pictures = await photographs(100);
  const all = stack(pictures.map((picture) => picture.reshape([224, 224, 3])));
  const few = stack(pictures.slice(0, 8).map((picture) => picture.reshape([224, 224, 3])));
  const [float, half] = [asked.path("imagenet.tflite"), asked.path("imagenet-float16.tflite")];
  await model.save(float);
  await model.save(half, { dtype: "float16" });
  const [floats, halves] = [float, half].map((file) => asked.task({ file }, few));
  test("float32: within 1e-5 of ours on 8 photographs", async () => {
    assertWithin((await model.predict(few)).data, floats?.().output ?? [], 1e-5);
  });
  test("float16: within 1e-5 of our model with the rounded weights on 8 photographs", async () => {
    using rounded = await loadModel(half);
    assertWithin((await rounded.predict(few)).data, halves?.().output ?? [], 1e-5);
  });

  // Two of the hundred are nearly ties in float32 already: 0.2016 beside 0.1992, and 0.1940 beside 0.1918.
  const quantized = await quantize(model, pictures.slice(36));
  const integers = (["float32", "int8", "uint8"] as const).map(async (io) => {
    const file = asked.path(`imagenet-${io}.tflite`);
    await quantized.save(file, { io });
    return { io, answer: asked.task({ file, pixels: io !== "float32" }, all) };
  });
  const expected = rows((await model.predict(all)).data).map(best);
  for (const { io, answer } of await Promise.all(integers)) {
    const least = io === "float32" ? 99 : 97;
    test(`int8 with ${io} outside, calibrated with the last 64: the same best class as float32 for ${least} of 100`, () => {
      const { output, operators = [] } = answer();
      const same = rows(output ?? []).filter((row, i) => best(row) === expected[i]).length;
      assert.ok(same >= least, `${same}`);
      assert.deepEqual(
        operators.filter((name) => name === "DEQUANTIZE"),
        io === "float32" ? ["DEQUANTIZE"] : [],
      );
    });
  }
});

function rows(values: Float32Array | readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: values.length / 1000 }, (_, i) => Array.from(values.slice(i * 1000, (i + 1) * 1000)));
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const centred = (values: readonly number[]): readonly number[] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const product = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, i) => sum + value * (y[i] ?? NaN), 0);
  const [x, y] = [centred(a), centred(b)];
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}
