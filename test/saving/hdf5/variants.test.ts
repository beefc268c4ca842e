/** Keras's files as h5py writes them when it is told to: newer structures, chunks, filters, other types, texts and sizes. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { openCheckpoint } from "../../../src/saving/formats.ts";
import { loadAnyKerasWeights } from "../../../src/saving/keras/load-weights.ts";
import { sourceOf } from "../files.ts";
import { assertSeeded, fixture, tinyLayers } from "../tiny.ts";

const files = readdirSync(new URL("../../fixtures/saving/hdf5", import.meta.url)).filter((name) =>
  name.endsWith(".h5"),
);

for (const name of files) {
  test(`${name}: loads into a model by the layers, exactly, and opens as a checkpoint`, async () => {
    const bytes = fixture(`hdf5/${name}`);
    const layers = tinyLayers();
    await loadAnyKerasWeights(layers, bytes);
    assertSeeded(layers);
    const { model, tensors } = await openCheckpoint(sourceOf([{ name, bytes }]));
    assert.equal(model !== undefined, /whole|user-block-latest/.test(name));
    const values = layers.flatMap(({ weights }) => weights.map((weight) => [...weight.values]));
    const isSame = (read: Float32Array): boolean => values.some((one) => one.every((value, i) => value === read[i]));
    assert.equal(tensors.filter((tensor) => isSame(tensor.read())).length, 7);
  });
}
