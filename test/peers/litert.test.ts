/** TFLite files of the reference folder and of the fixtures: we answer as LiteRT does. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { stack } from "../../src/core/tensor.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { assertWithin } from "../support/compare.ts";
import { seededInput } from "../support/seeded.ts";
import { needsShared, sharedPath } from "../support/shared.ts";
import { Asked, needsPython } from "./peers.ts";
import { best, photographs } from "./pictures.ts";

const asked = new Asked("litert", "litert_models.py");
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
