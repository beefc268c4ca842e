/** Every operator of TFLite that is read, over its attributes, in small files of TensorFlow's converter: we answer as TFLite's interpreter does. */
import { dirname } from "node:path";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Tensor, zeros } from "../../src/core/tensor.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { OPERATORS } from "../../src/saving/tflite/operators.ts";
import { type Answer, Asked, needsPython } from "./peers.ts";

interface Case {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly output: readonly number[];
  readonly operators: readonly string[];
  readonly quantize: string | null;
  /** The operator that no layer here does. */
  readonly refused: string | null;
  readonly failed?: string;
}

const asked = new Asked<Answer & { readonly cases: readonly Case[] }>("keras", "tflite_operators.py");
const answer = asked.task(
  { folder: dirname(asked.path("files", "any")), only: process.env["ONLY"] ?? null },
  zeros([1]),
);

/** How far integers are from TFLite's, as a part of the largest number: what it rounds between layers is not rounded here. */
const TOLERANCES: ReadonlyMap<string | null, number> = new Map([
  [null, 1e-5],
  ["float16", 1e-5],
  ["dynamic", 1e-3],
  ["int16", 2e-4],
]);

test("operators of TFLite", { skip: needsPython("keras") }, async (t) => {
  const { cases } = answer();
  for (const { name, file, shape, output, quantize, refused, failed } of cases) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await t.test(name, async () => {
      assert.equal(failed, undefined);
      if (refused !== null) {
        await assert.rejects(loadModel(file), (error: Error & { readonly code?: string }) => {
          assert.equal(error.code, "UnsupportedError", error.message);
          assert.match(error.message, new RegExp(`\\b${refused}(?!\\w)`));
          return true;
        });
        return;
      }
      const bytes = readFileSync(`${file}.f32`);
      const x = new Tensor(shape, new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
      using model = await loadModel(file);
      const { data } = await model.predict(x);
      assert.equal(data.length, output.length);
      const largest = Math.max(1, ...output.map(Math.abs));
      const apart = Math.max(...output.map((value, i) => Math.abs(value - (data[i] ?? NaN)))) / largest;
      const tolerance = TOLERANCES.get(quantize) ?? 0.01;
      assert.ok(apart < tolerance, `${apart} apart, where ${tolerance} is allowed`);
    });
  }
  await t.test("are all tried", () => {
    const tried = new Set(cases.flatMap(({ operators }) => operators));
    assert.deepEqual([...OPERATORS.keys()].filter((name) => !tried.has(name)).toSorted(), []);
  });
});
