/** A page that only predicts does not load what trains. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../src/", import.meta.url));

/** The modules that a module imports when it is loaded, and those that these import; types and dynamic imports are not. */
function loadedWith(module: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(module)) return loaded;
  loaded.add(module);
  const text = readFileSync(join(root, module), "utf8");
  for (const [statement, specifier = ""] of text.matchAll(/^(?:import|export)\b[^;"']*?\bfrom\s*"(\.[^"]+)"/gm)) {
    const names = /\{([^}]*)\}/.exec(statement)?.[1]?.split(",") ?? [];
    const isTypes =
      /^(?:import|export) type\b/.test(statement) ||
      (names.length > 0 && names.every((name) => name.trim() === "" || name.trim().startsWith("type ")));
    if (!isTypes) loadedWith(join(dirname(module), specifier), loaded);
  }
  return loaded;
}

it("the loop of fit, its steps and the training engine are not loaded with the public face", () => {
  const loaded = loadedWith("index.ts");
  assert.ok(loaded.has("models/trainable-model.ts") && loaded.has("training/optimizers/adam.ts"));
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
