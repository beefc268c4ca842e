/** smartResize against Keras's on TensorFlow (fixtures/images/make_smart_resize.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { uniform } from "../../src/core/random.ts";
import { Tensor, zeros } from "../../src/core/tensor.ts";
import { smartResize } from "../../src/image/smart-resize.ts";

interface Case {
  readonly from: [number, number];
  readonly to: [number, number];
  readonly interpolation: "bilinear" | "nearest";
  readonly crc: number;
}
const fixture: { cases: Case[] } = JSON.parse(
  readFileSync(new URL("../fixtures/images/smart_resize.json", import.meta.url), "utf8"),
);

function seeded([rows, columns]: readonly [number, number]): Tensor<Float32Array> {
  return new Tensor([rows, columns, 3], uniform(`smart/${rows}x${columns}`, rows * columns * 3, 0, 255));
}

test("bilinear and nearest: equal to Keras's to the bit", () => {
  for (const { from, to, interpolation, crc } of fixture.cases) {
    const y = smartResize(seeded(from), to, { interpolation });
    assert.deepEqual(y.shape, [...to, 3]);
    assert.equal(
      crc32(new Uint8Array(y.data.buffer)),
      crc,
      `${interpolation}, ${from.join(" × ")} to ${to.join(" × ")}`,
    );
  }
});

test("a batch is resized picture by picture, integers become float32", () => {
  const x = seeded([37, 50]);
  const y = seeded([37, 50]).data.map((value) => 255 - value);
  const batch = new Tensor([2, 37, 50, 3], Float32Array.of(...x.data, ...y));
  const resized = smartResize(batch, [9, 5]);
  assert.deepEqual(resized.shape, [2, 9, 5, 3]);
  assert.deepEqual(resized.data.subarray(0, 135), smartResize(x, [9, 5]).data);
  assert.deepEqual(resized.data.subarray(135), smartResize(new Tensor([37, 50, 3], y), [9, 5]).data);
  const integers = smartResize(new Tensor([2, 2, 1], Uint8Array.of(0, 100, 200, 44)), [1, 1]);
  assert.deepEqual(integers, new Tensor([1, 1, 1], Float32Array.of(86)));
});

test("wrong ranks, sizes and interpolations are refused", () => {
  const refused = (code: string, message: RegExp) => (error: unknown) =>
    error instanceof MobileNetV2Error && error.code === code && message.test(error.message);
  assert.throws(() => smartResize(zeros([4, 4]), [2, 2]), refused("ValueError", /incorrect rank, of shape \(4, 4\)/));
  assert.throws(() => smartResize(zeros([1, 1, 4, 4, 3]), [2, 2]), refused("ValueError", /incorrect rank/));
  assert.throws(() => smartResize(zeros([4, 4, 3]), [0, 2]), refused("ValueError", /1 or more/));
  assert.throws(
    // @ts-expect-error: one of PIL's
    () => smartResize(zeros([4, 4, 3]), [2, 2], { interpolation: "hamming" }),
    refused(
      "ValueError",
      /^Argument `interpolation` should be one of \('bilinear', 'nearest', 'bicubic', 'area', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic'\)/,
    ),
  );
});
