/** The tables of kernels: every generator of a folder is in its table, and every entry is a module that a machine takes. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { F32_KERNELS } from "../../src/kernels/f32/table.ts";
import { I8_KERNELS } from "../../src/kernels/i8/table.ts";
import type { MakeKernel } from "../../src/kernels/parts.ts";
import { TRAINING_KERNELS } from "../../src/kernels/training/table.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";
import { needsRelaxedSimd } from "../support/wasm.ts";

const TABLES: Readonly<Record<string, readonly MakeKernel[]>> = {
  f32: F32_KERNELS,
  i8: I8_KERNELS,
  training: TRAINING_KERNELS,
};

/** The functions of a folder that write a kernel, by the text of its files. */
function generatorsOf(folder: URL): string[] {
  return readdirSync(folder).flatMap((file) =>
    [...readFileSync(new URL(file, folder), "utf8").matchAll(/^export function (\w+)\(\s*module: ModuleBuilder/gm)].map(
      ([, name]) => name ?? "",
    ),
  );
}

for (const [room, kernels] of Object.entries(TABLES)) {
  describe(`the table of kernels/${room}`, () => {
    const folder = new URL(`../../src/kernels/${room}/`, import.meta.url);

    it("has every generator of the folder", () => {
      const text = readFileSync(new URL("table.ts", folder), "utf8");
      const generators = generatorsOf(folder);
      assert.ok(generators.length > 3);
      const missing = generators.filter(
        (name) => !new RegExp(`(?:\\b${name}\\(module\\b|^  ${name},$)`, "m").test(text),
      );
      assert.deepEqual(missing, []);
    });

    it("has one name for each variant", () => {
      const texts = new Map<string, string>();
      for (const make of kernels) {
        const module = new ModuleBuilder();
        const { name } = module.export(make(module));
        const text = String(module.toBytes());
        assert.equal(texts.get(name) ?? text, text, `two kernels are named ${name}`);
        texts.set(name, text);
      }
    });

    it("has kernels that the machine compiles", { skip: needsRelaxedSimd }, () => {
      const module = new ModuleBuilder();
      const names = new Set<string>();
      for (const make of kernels) {
        const made = make(module);
        if (names.has(made.name)) continue;
        names.add(made.name);
        module.export(made);
      }
      assert.ok(WebAssembly.validate(module.toBytes()));
    });
  });
}
