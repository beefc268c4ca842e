/** The interpolations of Keras's data sets against TensorFlow's (fixtures/images/make_tf_resize.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { uniform } from "../../src/core/random.ts";
import { type DatasetInterpolation, datasetInterpolations, resizePixels } from "../../src/image/tf-resize.ts";
import { assertWithin } from "../support/compare.ts";

interface Case {
  readonly from: [number, number];
  readonly to: [number, number];
  readonly interpolation: DatasetInterpolation;
  readonly values: number[];
}
const fixture: { cases: Case[] } = JSON.parse(
  readFileSync(new URL("../fixtures/images/tf_resize.json", import.meta.url), "utf8"),
);

test("bicubic, area, lanczos3, lanczos5, gaussian, mitchellcubic: within 1e-3 of TensorFlow's, of values of 0 to 255", () => {
  for (const { from, to, interpolation, values } of fixture.cases) {
    const [rows, columns] = from;
    const data = uniform(`tf/${rows}x${columns}`, rows * columns * 3, 0, 255);
    const part = { top: 0, left: 0, rows, columns };
    const resized = resizePixels({ data, rows, columns, channels: 3 }, part, to, interpolation);
    assertWithin(resized, values, 1e-3, `${interpolation}, ${from.join(" × ")} to ${to.join(" × ")}`);
  }
  assert.equal(new Set(fixture.cases.map(({ interpolation }) => interpolation)).size, datasetInterpolations.length - 2);
});

test("a part of a picture is resized as if it were all of it, of every picture of a batch", () => {
  for (const interpolation of datasetInterpolations) {
    const data = uniform("tf/part", 2 * 10 * 9 * 3, 0, 255);
    const part = { top: 2, left: 3, rows: 6, columns: 5 };
    const [first, second] = [0, 1].map((sample) => {
      const cut = new Float32Array(6 * 5 * 3);
      for (let row = 0; row < 6; row++) {
        const from = ((sample * 10 + 2 + row) * 9 + 3) * 3;
        cut.set(data.subarray(from, from + 15), row * 15);
      }
      const whole = { top: 0, left: 0, rows: 6, columns: 5 };
      return resizePixels({ data: cut, rows: 6, columns: 5, channels: 3 }, whole, [4, 7], interpolation);
    });
    const both = resizePixels({ data, rows: 10, columns: 9, channels: 3 }, part, [4, 7], interpolation);
    assert.deepEqual(both, Float32Array.of(...(first ?? []), ...(second ?? [])), interpolation);
  }
});
