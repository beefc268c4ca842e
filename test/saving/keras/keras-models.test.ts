/** Whole models that Keras 2 and Keras 3 saved: they open, and answer as they did there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { evaluate } from "../../../src/graph/evaluate.ts";
import { programOf } from "../../../src/graph/program.ts";
import { loadAnyModel } from "../../../src/models/files/load-model.ts";
import { assertWithin } from "../../support/compare.ts";
import { seededInput } from "../../support/seeded.ts";
import { needsShared, sharedJson, sharedPath } from "../../support/shared.ts";

const folder = new URL("../../fixtures/saving/keras/", import.meta.url);
const answers = JSON.parse(readFileSync(new URL("answers.json", folder), "utf8")) as Record<string, number[][]>;

describe("whole models of Keras 2 and 3, within 2e-6 of what they answer there", () => {
  for (const [name, expected] of Object.entries(answers)) {
    for (const ending of [".keras", ".h5"]) {
      test(name + ending, async () => {
        const model = await loadAnyModel(fileURLToPath(new URL(name + ending, folder)));
        assert.equal(model.name, name.slice(name.indexOf("-") + 1));
        const outputs = evaluate(programOf(model.graph), [seededInput("x", [2, 8, 8, 3])]);
        assert.equal(outputs.length, expected.length);
        for (const [i, output] of outputs.entries()) assertWithin(output.data, expected[i] ?? [], 2e-6, `output ${i}`);
      });
    }
  }

  test("the tutorial's model: augmentation does nothing, scaling is one Rescaling a step, the frozen model is frozen", async () => {
    const model = await loadAnyModel(fileURLToPath(new URL("keras-tutorial.keras", folder)));
    assert.deepEqual(
      model.layers.map(({ name, className }) => [name, className]),
      [
        ["inputs", "InputLayer"],
        ["augmentation", "Sequential"],
        ["true_divide", "Rescaling"],
        ["subtract", "Rescaling"],
        ["base", "Functional"],
        ["pool", "GlobalAveragePooling2D"],
        ["drop", "Dropout"],
        ["head", "Dense"],
      ],
    );
    assert.equal(model.getLayer("base").trainable, false);
    assert.deepEqual(
      model.trainableWeights.map(({ name }) => name),
      ["kernel", "bias"],
    );
  });
});

interface Reference {
  readonly input_seed: string;
  readonly input_shape: readonly number[];
  readonly output: readonly (readonly number[])[];
  readonly parameters: number;
  readonly layers: readonly string[];
}

describe("models of the reference folder, within 1e-5 of Keras", { skip: needsShared }, () => {
  const references = needsShared === false ? sharedJson<Record<string, Reference>>("reference/formats.json") : {};
  for (const [name, reference] of Object.entries(references)) {
    if (name.endsWith(".weights.h5")) continue;
    test(name, async () => {
      using model = await loadAnyModel(sharedPath(`weights/${name}`));
      assert.equal(model.countParams(), reference.parameters);
      const seed = reference.input_seed.replace(/\/input$/, "");
      const [output] = await model.predictAll(seededInput(seed, reference.input_shape));
      assertWithin(output?.data ?? [], reference.output.flat(), 1e-5);
    });
  }
});
