/** Teachable Machine's exports: one that its own package made (test/fixtures/saving/teachable-machine), and what ours must be for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord } from "../../../src/layers/arguments.ts";
import { loadModel } from "../../../src/models/files/load-model.ts";
import { assertWithin } from "../../support/compare.ts";
import { answerOf } from "../../support/teachable-machine.ts";
import { chosen, savingFixture } from "../files.ts";

const files = ["model.json", "weights.bin", "metadata.json"].map((name) => ({
  name,
  bytes: savingFixture(`teachable-machine/${name}`),
}));

test("an export of @teachablemachine/image: its classes, its scaling, its answer within 1e-6", async () => {
  using model = await loadModel(chosen(files));
  assert.deepEqual(model.classNames, ["Class 1", "Löwenzahn", "向日葵"]);
  assert.deepEqual(model.preprocessing, { scale: 1 / 127, offset: -1 });
  assert.deepEqual(
    model.layers.map(({ className }) => className),
    ["Sequential", "Sequential"],
  );
  const expected = JSON.parse(new TextDecoder().decode(savingFixture("teachable-machine/answer.json"))) as number[];
  assertWithin(await answerOf(model, 24), expected, 1e-6);
});

test("an export of 2019, whose inner Sequentials are bare lists without a name: the same answer", async () => {
  const json: unknown = JSON.parse(new TextDecoder().decode(files[0]?.bytes));
  const text = JSON.stringify(json, (_key, value: unknown) =>
    isRecord(value) && value["class_name"] === "Sequential" && isRecord(value["config"])
      ? { ...value, config: value["config"]["layers"] }
      : value,
  );
  assert.doesNotMatch(text, /"name":"sequential/);
  const older = files.map((file) =>
    file.name === "model.json" ? { ...file, bytes: new TextEncoder().encode(text) } : file,
  );
  using model = await loadModel(chosen(older));
  assert.deepEqual(
    model.layers.map(({ name }) => name),
    ["sequential", "sequential_1"],
  );
  const expected = JSON.parse(new TextDecoder().decode(savingFixture("teachable-machine/answer.json"))) as number[];
  assertWithin(await answerOf(model, 24), expected, 1e-6);
});

test("as we write it, functional models have the name that TensorFlow.js 1 knows, which the package computes with", async () => {
  using model = await loadModel(chosen(files));
  const [main] = await model.toFiles("teachable-machine");
  const text = new TextDecoder().decode(main?.bytes);
  assert.match(text, /"class_name":"Model"/);
  assert.doesNotMatch(text, /"Functional"/);
});
