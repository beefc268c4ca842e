/** Every operator of TensorFlow that is read, over its attributes, in frozen graphs and in graph models of TF.js: we answer as TensorFlow does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Tensor, zeros } from "../../src/core/tensor.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { OPERATORS } from "../../src/saving/graphs/tensorflow/operators.ts";
import { type Answer, Asked, needsPython } from "./peers.ts";

interface Case {
  readonly name: string;
  /** The graph in TensorFlow's own format, and the folder of its model.json. */
  readonly file: string;
  readonly json: string;
  readonly input: string;
  readonly shape: readonly number[];
  readonly output: readonly number[];
  readonly operators: readonly string[];
  readonly refused: boolean;
  readonly failed?: string;
}

const asked = new Asked<Answer & { readonly cases: readonly Case[] }>("keras", "tensorflow_operators.py");
const answer = asked.task({ folder: asked.path("graphs", ".") }, zeros([1]));

/** As a part of the largest number, or of 1. */
const TOLERANCE = 1e-5;

test(`operators of TensorFlow: within ${TOLERANCE}`, { skip: needsPython("keras") }, async (t) => {
  const { cases } = answer();
  for (const { name, file, json, input, shape, output, refused, failed } of cases) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await t.test(name, async () => {
      assert.equal(failed, undefined);
      if (refused) {
        await assert.rejects(loadModel(file), { code: "UnsupportedError" });
        await assert.rejects(loadModel(json), { code: "UnsupportedError" });
        return;
      }
      const { buffer, byteOffset, length } = readFileSync(input);
      const x = new Tensor(shape, new Float32Array(buffer, byteOffset, length / 4));
      using frozen = await loadModel(file);
      const { data } = await frozen.predict(x);
      assert.equal(data.length, output.length);
      const largest = Math.max(1, ...output.map(Math.abs));
      const apart = Math.max(...output.map((value, i) => Math.abs(value - (data[i] ?? NaN)))) / largest;
      assert.ok(apart < TOLERANCE, `${apart} apart`);
      using web = await loadModel(json);
      assert.deepEqual((await web.predict(x)).data, data);
    });
  }

  await t.test("are all tried", () => {
    const tried = new Set(cases.flatMap(({ operators }) => operators));
    // A variable's value is in SavedModels alone.
    assert.deepEqual([...OPERATORS.keys()].filter((name) => !tried.has(name)).toSorted(), ["ReadVariableOp"]);
  });
});
