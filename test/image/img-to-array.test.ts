/** imgToArray and arrayToImg against NumPy's arithmetic: the sums are CRC-32 of what Keras's array_to_img gives. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { uniform } from "../../src/core/random.ts";
import { Tensor, zeros } from "../../src/core/tensor.ts";
import type { Image } from "../../src/image/image.ts";
import { arrayToImg, imgToArray } from "../../src/image/img-to-array.ts";

const image: Image = { width: 3, height: 2, channels: 3, data: Uint8Array.from({ length: 18 }, (_, i) => i * 14) };

function refusedAs(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof MobileNetV2Error && error.code === code && message.test(error.message);
}

test("a picture becomes float32 [rows, columns, channels] of 0 to 255, or another dtype", () => {
  const array = imgToArray(image);
  assert.deepEqual([array.shape, array.dtype], [[2, 3, 3], "float32"]);
  assert.deepEqual([...array.data], [...image.data]);
  assert.deepEqual([...imgToArray(image, { dtype: "int32" }).data], [...image.data]);
  const bytes = imgToArray(image, { dtype: "uint8" });
  bytes.data[0] = 99;
  assert.equal(image.data[0], 0, "a copy");
  const gray = imgToArray({ width: 3, height: 2, channels: 1, data: new Uint8Array(6) });
  assert.deepEqual(gray.shape, [2, 3, 1]);
});

test("channels first, there and back", () => {
  const array = imgToArray(image, { dataFormat: "channels_first" });
  assert.deepEqual(array.shape, [3, 2, 3]);
  assert.deepEqual([...array.data.subarray(0, 6)], [0, 42, 84, 126, 168, 210]);
  assert.deepEqual(arrayToImg(array, { dataFormat: "channels_first", scale: false }), image);
});

test("arrayToImg scales as NumPy does, to the last bit, and wraps without scaling", () => {
  const values = uniform("array", 31 * 17 * 3, -1.7, 2.3);
  assert.equal(crc32(arrayToImg(new Tensor([31, 17, 3], values)).data), 3116518506);
  const first = arrayToImg(new Tensor([3, 31, 17], values), { dataFormat: "channels_first" });
  assert.deepEqual([first.width, first.height, crc32(first.data)], [17, 31, 140092870]);
  const outside = new Tensor([31, 17, 3], uniform("outside", 31 * 17 * 3, -300, 600));
  assert.equal(crc32(arrayToImg(outside, { scale: false }).data), 2131061868);
  assert.deepEqual([...arrayToImg(new Tensor([2, 2, 1], new Float32Array(4).fill(5))).data], [0, 0, 0, 0]);
});

test("wrong ranks, channels, formats and types are refused in Keras's words", () => {
  assert.throws(
    () => arrayToImg(zeros([1, 2, 3, 3])),
    refusedAs(
      "ValueError",
      /^Expected image array to have rank 3 \(single image\)\. Got array with shape: \(1, 2, 3, 3\)$/,
    ),
  );
  assert.throws(() => arrayToImg(zeros([2, 3, 2])), refusedAs("ValueError", /^Unsupported channel number: 2$/));
  assert.throws(
    () => arrayToImg(new Tensor([1, 1, 1], Float32Array.of(300)), { scale: false }),
    refusedAs("UnsupportedError", /0 to 255/),
  );
  assert.throws(
    // @ts-expect-error: no such format
    () => imgToArray(image, { dataFormat: "NHWC" }),
    refusedAs("ValueError", /must be one of \{'channels_first', 'channels_last'\}\. Received: dataFormat=NHWC/),
  );
  // @ts-expect-error: no such type
  assert.throws(() => imgToArray(image, { dtype: "float16" }), refusedAs("ValueError", /float32, int32, uint8/));
  assert.throws(() => imgToArray({ ...image, width: 4 }), refusedAs("ShapeError", /18 samples/));
});
