/** Sizes from outside: no hang, no crash, no gigabytes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { zeros } from "../../src/core/tensor.ts";
import { AveragePooling2D } from "../../src/layers/pooling/average-pooling2d.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { CenterCrop } from "../../src/layers/preprocessing/center-crop.ts";
import { Resizing } from "../../src/layers/preprocessing/resizing.ts";
import { ZeroPadding2D } from "../../src/layers/reshaping/zero-padding2d.ts";

test("a weight of more than 2^30 values is refused before memory is asked for", () => {
  const limit = {
    code: "LimitError",
    message: /^Weight 'kernel' of shape \(.*\) has .* values\. The limit is 1073741824\.$/,
  };
  const x = Input({ shape: [8, 8, 3] });
  assert.throws(() => new Conv2D({ filters: 2 ** 50, kernelSize: 3 }).apply(x), limit);
  assert.throws(() => new Conv2D({ filters: 1, kernelSize: 2 ** 40, padding: "same" }).apply(x), limit);
  assert.throws(() => new Dense({ units: 2 ** 53 - 1 }).apply(x), limit);
});

test("a tensor of more than 2^30 values is refused before memory is asked for", () => {
  assert.throws(() => new ZeroPadding2D({ padding: 2 ** 40 }).forward([zeros([1, 2, 2, 3])]), { code: "LimitError" });
});

test("a picture of more than 2^26 pixels is refused when the layer is made, larger tensors before memory is asked for", () => {
  assert.throws(() => new Resizing({ height: 2 ** 30, width: 1 }), { code: "LimitError" });
  assert.throws(() => new CenterCrop({ height: 2 ** 14, width: 2 ** 14 }), { code: "LimitError" });
  const wide = new Resizing({ height: 2 ** 26, width: 1, padToAspectRatio: true });
  assert.throws(() => wide.forward([zeros([1, 1, 64, 1])]), { code: "LimitError" });
});

test("a window much larger than the picture costs what the picture costs", () => {
  const x = zeros([1, 4, 4, 2]);
  x.data.fill(3);
  const output = new AveragePooling2D({ poolSize: 2 ** 40, strides: 1, padding: "same" }).forward([x]);
  assert.deepEqual(output.shape, [1, 4, 4, 2]);
  assert.ok(output.data.every((value) => value === 3));
  assert.deepEqual(new AveragePooling2D({ poolSize: 2, strides: 2 ** 50 }).forward([x]).shape, [1, 1, 1, 2]);
});
