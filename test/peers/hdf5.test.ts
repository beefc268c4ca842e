/** One model in every legal way that h5py can write HDF5: what Keras opens, opens here with the same values; nothing legal is called broken. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { needsPython, pythonOf, temporaryFolder } from "./peers.ts";

interface Variant {
  readonly name: string;
  readonly file: string;
  /** Whether the file has the model too, not only weights. */
  readonly whole: boolean;
  /** True, or what Keras says. */
  readonly opens: true | string;
  /** Why this h5py cannot write it. */
  readonly unwritten?: string;
}

const skip = needsPython("keras", ["keras", "tensorflow", "h5py"]);

test("HDF5 of h5py", { skip }, async (t) => {
  const folder = temporaryFolder();
  const script = fileURLToPath(new URL("hdf5_variants.py", import.meta.url));
  const { status, stderr } = spawnSync(pythonOf("keras"), [script, folder], { encoding: "utf8" });
  assert.equal(status, 0, stderr.slice(-3000));
  const { weights, variants } = JSON.parse(readFileSync(join(folder, "variants.json"), "utf8")) as {
    readonly weights: readonly (readonly number[])[];
    readonly variants: readonly Variant[];
  };
  assert.ok(variants.filter(({ opens }) => opens === true).length > 93);
  for (const { name, file, whole, opens, unwritten } of variants) {
    const isOpened = opens === true;
    const title = isOpened ? `${name}: Keras's values` : `${name}: refused or opened, but not called broken`;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await t.test(title, { skip: unwritten ?? false }, async () => {
      try {
        assert.deepEqual(await valuesIn(join(folder, file), whole, join(folder, "model.keras")), weights);
      } catch (error) {
        const refused = error instanceof MobileNetV2Error && error.code === "UnsupportedError";
        if (isOpened || !refused) throw error;
      }
    });
  }
});

async function valuesIn(path: string, whole: boolean, plain: string): Promise<readonly (readonly number[])[]> {
  const model = await loadModel(whole ? path : plain);
  const weights = model.layers.flatMap((layer) => layer.weights);
  if (!whole) {
    for (const weight of weights) weight.assign(new Float32Array(weight.size).fill(-1));
    await model.loadWeights(path);
  }
  return weights.map(({ values }) => [...values]);
}
