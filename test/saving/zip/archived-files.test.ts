/** Zip archives that are the folder of a checkpoint: found, read with their labels; and those that are not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadAnyModel, readCheckpoint } from "../../../src/models/files/load-model.ts";
import { writeZip } from "../../../src/saving/zip/write.ts";
import { savingFixture } from "../files.ts";

const h5 = { name: "keras_model.h5", bytes: savingFixture("tiny-model.h5") };
const tflite = { name: "model_unquant.tflite", bytes: savingFixture("graphs/tiny.tflite") };
const keras = { name: "tiny.keras", bytes: savingFixture("tiny.keras") };
const labels = { name: "labels.txt", bytes: new TextEncoder().encode("0 cat\n1 dog\n2 big bird\n") };

test("the Keras and TFLite exports of Teachable Machine, with numbered labels; a .keras in an archive", async () => {
  for (const file of [h5, keras]) {
    const model = await loadAnyModel(writeZip([file, labels]));
    assert.deepEqual([model.name, model.classNames], ["tiny", ["cat", "dog", "big bird"]]);
  }
  const packed = [h5, labels].map((file) => ({ ...file, name: `export/${file.name}` }));
  const folder = { name: "export/", bytes: new Uint8Array() };
  const mac = { name: "__MACOSX/export/._labels.txt", bytes: new Uint8Array(8) };
  assert.deepEqual((await loadAnyModel(writeZip([folder, ...packed, mac]))).classNames, ["cat", "dog", "big bird"]);
  const { format, classNames } = await readCheckpoint(writeZip([tflite, labels]));
  // It has five classes: the labels are another's.
  assert.deepEqual([format, classNames], ["TFLite", undefined]);
});

test("archives of something else, of several checkpoints, of archives, of folders are refused, by name", async () => {
  const other = { name: "a.txt", bytes: new Uint8Array(3) };
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [writeZip([other]), /There is no checkpoint in the zip archive, at its top: a\.txt/],
    [
      writeZip([other, { ...h5, name: "b/m.h5" }]),
      /no checkpoint at the top of the zip archive\. Unpack it, and open 'b\/m\.h5'/,
    ],
    [writeZip([h5, { ...h5, name: "b.h5" }]), /several checkpoints: keras_model\.h5, b\.h5/],
    [writeZip([{ name: "in.zip", bytes: writeZip([h5]) }]), /has another in it, 'in\.zip'\. Unpack it first/],
    [writeZip([{ name: "in.h5", bytes: writeZip([h5]) }]), /has another in it, 'in\.h5'/],
    [writeZip([{ name: "in.keras", bytes: writeZip([{ ...keras }]) }]), /has another in it, 'in\.keras'/],
    [writeZip([h5]).subarray(0, -40), /truncated: its directory is missing/],
  ];
  for (const [bytes, message] of cases) {
    await assert.rejects(readCheckpoint(bytes), { name: "MobileNetV2Error", message });
  }
});
