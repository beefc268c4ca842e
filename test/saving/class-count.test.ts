import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { classCount } from "../../src/saving/class-count.ts";

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../fixtures/saving/${name}`, import.meta.url)));
}

test("the last Dense layer's bias tells the number of classes, in every format of Keras", () => {
  for (const name of ["tiny.h5", "tiny-2018.h5", "tiny-model.h5", "tiny.weights.h5", "tiny.keras"]) {
    assert.equal(classCount(fixture(name)), 3, name);
  }
  for (const name of ["nested-model.h5", "nested.weights.h5"]) assert.equal(classCount(fixture(name)), 2, name);
});

test("a file that does not say has no number of classes; a broken one is an error", () => {
  assert.equal(classCount(fixture("kinds.h5")), undefined);
  assert.equal(classCount(new TextEncoder().encode("<!doctype html>")), undefined);
  assert.equal(classCount(new Uint8Array()), undefined);
  assert.throws(() => classCount(fixture("tiny.h5").subarray(0, 400)), { code: "FormatError" });
});
