/** A page that only predicts does not load what trains. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { loadedWith } from "../support/loaded-modules.ts";

it("the loop of fit, its steps and the training engine are not loaded with the public face", () => {
  const loaded = loadedWith("index.ts");
  assert.ok(loaded.has("models/trainable-model.ts"));
  const heavy = [...loaded].filter(
    (module) =>
      module.startsWith("engine/training/") ||
      [
        "training/loop/fit.ts",
        "training/loop/trainer.ts",
        "training/loop/programs.ts",
        "graph/differentiate.ts",
      ].includes(module),
  );
  assert.deepEqual(heavy, []);
  assert.ok(loadedWith("training/loop/fit.ts").size > 10);
});

it("what opens a checkpoint, compiled or not, loads nothing that trains", () => {
  for (const reader of ["saving/keras/archive-checkpoint.ts", "saving/keras/hdf5-checkpoint.ts"]) {
    const loaded = [...loadedWith(reader, new Set<string>())];
    assert.ok(loaded.includes("saving/keras/compile.ts"));
    assert.deepEqual(
      loaded.filter((module) => /^(?:training|models|engine)\//.test(module)),
      [],
    );
  }
  assert.ok(!loadedWith("index.ts").has("models/compiled/training-classes.ts"));
});
