/** Files given as Node's Buffers, at any offset in memory: read as plain arrays are, and not written to. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Dense, Input, Sequential, Tensor, loadImg } from "../../src/index.ts";
import { loadAnyModel } from "../../src/public/saving.ts";
import { picturePath } from "../image/pictures.ts";

/** The bytes in a Buffer that begins at an odd place of its memory. */
function oddBuffer(bytes: Uint8Array): Buffer {
  const memory = Buffer.alloc(bytes.length + 1);
  memory.set(bytes, 1);
  return memory.subarray(1);
}

const x = new Tensor([1, 3], Float32Array.of(1, 2, 3));

test("models of every format: the same answer, to the bit, from an odd place of a Buffer", async () => {
  const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 2, name: "dense" })]);
  const expected = await model.predict(x);
  for (const format of ["keras", "h5", "safetensors", "onnx"] as const) {
    const opened = await loadAnyModel(oddBuffer(await model.toBytes(format)));
    const found = await opened.predict(x);
    assert.deepEqual(found, expected, format);
  }
});

test("pictures: a turned AVIF is the same, and its bytes stay as they were", async () => {
  const bytes = new Uint8Array(readFileSync(picturePath("turned-6.avif")));
  const buffer = oddBuffer(bytes);
  assert.deepEqual(await loadImg(buffer), await loadImg(bytes));
  assert.deepEqual(new Uint8Array(buffer), bytes);
});
