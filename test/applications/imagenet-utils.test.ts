/** preprocessInput and decodePredictions against Keras's rules. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { imagenetClasses } from "../../src/applications/class-names.ts";
import { decodePredictions, preprocessInput } from "../../src/applications/imagenet-utils.ts";
import { Tensor } from "../../src/core/tensor.ts";

test("the class index is Keras's file: the same MD5 once written as its JSON", () => {
  const entries = imagenetClasses().map(({ wnid, label }, i) => `"${i}": ["${wnid}", "${label}"]`);
  const md5 = createHash("md5")
    .update(`{${entries.join(", ")}}`)
    .digest("hex");
  assert.equal(md5, "c2c37ea517e94d9795004a39431a14cb");
});

test("preprocessInput scales [0, 255] to [-1, 1] in float32 steps and leaves its input alone", () => {
  const pixels = Uint8Array.from({ length: 256 }, (_, i) => i);
  const x = new Tensor([256], pixels);
  const y = preprocessInput(x);
  assert.equal(y.dtype, "float32");
  assert.deepEqual([y.data[0], y.data[255]], [-1, 1]);
  for (const [i, value] of y.data.entries()) assert.equal(value, Math.fround(Math.fround(i / 127.5) - 1));
  assert.deepEqual(
    x.data,
    Uint8Array.from({ length: 256 }, (_, i) => i),
  );
  const floats = new Tensor([2], Float32Array.of(127.5, 63.75));
  assert.deepEqual([...preprocessInput(floats, { dataFormat: "channels_first" }).data], [0, -0.5]);
  assert.deepEqual([...floats.data], [127.5, 63.75]);
});

test("preprocessInput with a model's own scaling: for all channels, for each, wherever they are", () => {
  const pixels = new Tensor([1, 2, 2], Uint8Array.of(0, 10, 20, 30));
  const each = { scale: [1, 2], offset: [0.5, -1] };
  assert.deepEqual([...preprocessInput(pixels, { preprocessing: { scale: 0.5, offset: 1 } }).data], [1, 6, 11, 16]);
  assert.deepEqual([...preprocessInput(pixels, { preprocessing: each }).data], [0.5, 19, 20.5, 59]);
  const first = new Tensor([2, 1, 2], pixels.data);
  assert.deepEqual(
    [...preprocessInput(first, { preprocessing: each, dataFormat: "channels_first" }).data],
    [0.5, 10.5, 39, 59],
  );
  assert.throws(() => preprocessInput(pixels, { preprocessing: { scale: [1, 2, 3], offset: 0 } }), {
    code: "ValueError",
    message: /factors for 3 channels, but the pictures have 2/,
  });
});

test("preprocessInput refuses an unknown dataFormat", () => {
  const options = JSON.parse('{"dataFormat": "nchw"}') as { dataFormat: "channels_last" };
  assert.throws(
    () => preprocessInput(new Tensor([1], Float32Array.of(0)), options),
    /Expected dataFormat to be one of `channels_first` or `channels_last`\. Received: dataFormat=nchw/,
  );
});

test("decodePredictions names the best classes of every row", () => {
  const scores = new Float32Array(2000);
  scores[386] = 0.5;
  scores[101] = 0.25;
  scores[1000 + 1] = 1;
  const rows = decodePredictions(new Tensor([2, 1000], scores), { top: 2 });
  assert.deepEqual(rows[0], [
    { wnid: "n02504458", label: "African_elephant", score: 0.5 },
    { wnid: "n01871265", label: "tusker", score: 0.25 },
  ]);
  assert.deepEqual(rows[1]?.[0], { wnid: "n01443537", label: "goldfish", score: 1 });
  assert.equal(decodePredictions(new Tensor([1, 1000], new Float32Array(1000)))[0]?.length, 5);
  assert.equal(decodePredictions(new Tensor([1, 1000], new Float32Array(1000)), { top: 5000 })[0]?.length, 1000);
});

test("decodePredictions gives equal scores in the order of Keras: the later class first", () => {
  const [row = []] = decodePredictions(new Tensor([1, 1000], new Float32Array(1000)), { top: 2 });
  assert.deepEqual(
    row.map(({ label }) => label),
    ["toilet_tissue", "ear"],
  );
});

test("decodePredictions refuses other shapes and tops", () => {
  for (const shape of [[1000], [1, 999], [1, 1000, 1]]) {
    const size = shape.reduce((a, b) => a * b, 1);
    assert.throws(
      () => decodePredictions(new Tensor(shape, new Float32Array(size))),
      /`decodePredictions` expects a batch of predictions \(i\.e\. a 2D array of shape \(samples, 1000\)\)\. Received array with shape: \(/,
    );
  }
  assert.throws(
    () => decodePredictions(new Tensor([1, 1000], new Float32Array(1000)), { top: 0 }),
    /`top` must be a whole number/,
  );
});

test("decodePredictions takes the labels of other models: names, or names with ids", () => {
  const scores = new Tensor([1, 3], Float32Array.of(0.25, 0.5, 0.125));
  const labels = ["cat", { wnid: "n1", label: "dog" }, "cow"];
  assert.deepEqual(decodePredictions(scores, { top: 2, labels }), [
    [
      { wnid: "n1", label: "dog", score: 0.5 },
      { wnid: "0", label: "cat", score: 0.25 },
    ],
  ]);
  assert.throws(() => decodePredictions(scores, { labels: ["cat", "dog"] }), /a 2D array of shape \(samples, 2\)/);
});
