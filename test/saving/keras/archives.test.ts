/** `.keras` archives as other programs pack them, and the folders that Keras's `save(zipped=False)` writes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadAnyModel, readCheckpoint } from "../../../src/models/files/load-model.ts";
import type { WrittenFile } from "../../../src/saving/checkpoint.ts";
import { loadAnyKerasWeights, loadKerasWeights } from "../../../src/saving/keras/load-weights.ts";
import { writeZip } from "../../../src/saving/zip/write.ts";
import { zipMembers } from "../../../src/saving/zip/zip.ts";
import { chosen, deflatedZip, savingFixture } from "../files.ts";
import { assertSeeded, fixture, tinyLayers } from "../tiny.ts";

const members: readonly WrittenFile[] = [...zipMembers(savingFixture("tiny.keras"))].map(([name, read]) => ({
  name,
  bytes: read(),
}));

test("compressed members are unpacked, of a model and of weights for one", async () => {
  const archive = deflatedZip(members);
  assertSeeded((await loadAnyModel(archive)).layers);
  const layers = tinyLayers();
  await loadAnyKerasWeights(layers, archive);
  assertSeeded(layers);
  assert.throws(() => loadKerasWeights(layers, archive), { code: "UnsupportedError", message: /compressed/ });
});

test("a compressed member that unpacks to 64 MiB more than twice the archive is refused, whatever is in it", async () => {
  const bomb = deflatedZip(members, 2 ** 27);
  await assert.rejects(readCheckpoint(bomb), { code: "LimitError", message: /unpacks to 134217728 bytes/ });
});

test("the members of a model behind 200 others are found", async () => {
  const assets = Array.from({ length: 200 }, (_, i) => ({ name: `assets/${i}.txt`, bytes: new Uint8Array(1) }));
  assertSeeded((await loadAnyModel(writeZip([...assets, ...members]))).layers);
});

test("weights in the archive may be HDF5 of any kind", async () => {
  const weights = fixture("hdf5/lzf-latest.weights.h5");
  const packed = members.map((file) => (file.name.endsWith(".h5") ? { ...file, bytes: weights } : file));
  const archive = writeZip(packed);
  assertSeeded((await loadAnyModel(archive)).layers);
  const layers = tinyLayers();
  await loadAnyKerasWeights(layers, archive);
  assertSeeded(layers);
});

test("a folder of config.json, metadata.json and model.weights.h5 opens, by its path, as chosen files, and in a zip archive", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mobilenet-v2-keras-"));
  try {
    for (const { name, bytes } of members) writeFileSync(join(folder, name), bytes);
    const zipped = writeZip(members.map((file) => ({ ...file, name: `tiny/${file.name}` })));
    for (const source of [folder, chosen(members), zipped]) {
      const model = await loadAnyModel(source);
      assert.equal(model.name, "tiny");
      assertSeeded(model.layers);
    }
    assert.equal((await readCheckpoint(folder)).format, "Keras 3 model (folder)");
    const model = await loadAnyModel(folder);
    await model.loadWeights(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a config.json of another program beside the weights is not taken for a model's", async () => {
  const config = { name: "config.json", bytes: new TextEncoder().encode('{"architectures": ["x"]}') };
  const weights = members.filter(({ name }) => name.endsWith(".h5"));
  assert.equal((await readCheckpoint(chosen([...weights, config]))).model, undefined);
});
