import assert from "node:assert/strict";
import { test } from "node:test";
import { loadModel } from "../../src/index.ts";
import { isNsfwjsInstalled, nsfwjsFolder } from "../../src/cli/files/nsfwjs.ts";
import { NSFWJS_SIZE, nsfwjsInput } from "../../src/tasks/nsfwjs.ts";
import { assertWithin } from "../support/compare.ts";

test("a picture of the model's size is divided by 255 (within 1e-7)", () => {
  const data = Uint8Array.from({ length: NSFWJS_SIZE ** 2 * 3 }, (_, i) => i % 256);
  const { shape, data: pixels } = nsfwjsInput({ width: NSFWJS_SIZE, height: NSFWJS_SIZE, channels: 3, data });
  assert.deepEqual(shape, [NSFWJS_SIZE, NSFWJS_SIZE, 3]);
  assertWithin(
    pixels,
    Float32Array.from(data, (value) => value / 255),
    1e-7,
  );
});

test("another picture is scaled with its corners on the corners, as TF.js's resizeBilinear does (within 1e-6)", () => {
  // Two columns, three rows; red goes across, green down, blue is 51 everywhere.
  const data = Uint8Array.from([0, 100, 200].flatMap((green) => [0, green, 51, 255, green, 51]));
  const { data: pixels } = nsfwjsInput({ width: 2, height: 3, channels: 3, data });
  const last = NSFWJS_SIZE - 1;
  for (const [row, column] of [
    [0, 0],
    [0, last],
    [last, 0],
    [last, last],
    [50, 100],
    [150, 31],
  ] as const) {
    const at = (row * NSFWJS_SIZE + column) * 3;
    assertWithin(
      pixels.subarray(at, at + 3),
      [column / last, ((row / last) * 200) / 255, 0.2],
      1e-6,
      `${row}, ${column}`,
    );
  }
});

test("one pixel is every pixel", () => {
  const { data } = nsfwjsInput({ width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 0, 51) });
  assert.deepEqual([data[0], data.at(-2)], [1, 0]);
});

const skip = isNsfwjsInstalled() ? false : "needs the npm package nsfwjs, which is not installed";

test("the model is MobileNetV2 with the head of nsfwjs", { skip }, async () => {
  using model = await loadModel(nsfwjsFolder());
  assert.deepEqual(model.output.shape, [null, 5]);
  assert.equal(model.countParams(), 2_619_461);
});
