/** SavedModels, frozen graphs and checkpoints that TensorFlow wrote (test/fixtures/saving/tensorflow): the same answers; what is missing is named. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Tensor } from "../../../src/core/tensor.ts";
import { loadModel, readCheckpoint } from "../../../src/models/files/load-model.ts";
import type { WrittenFile } from "../../../src/saving/checkpoint.ts";
import { writeZip } from "../../../src/saving/zip/write.ts";
import { assertWithin } from "../../support/compare.ts";
import { chosen } from "../files.ts";

const folder = fileURLToPath(new URL("../../fixtures/saving/tensorflow/", import.meta.url));
const answers = JSON.parse(readFileSync(`${folder}answers.json`, "utf8")) as Record<string, number[]>;
const x = new Tensor(
  [2, 12, 12, 3],
  Float32Array.from({ length: 2 * 12 * 12 * 3 }, (_, i) => Math.sin(i)),
);

/** The files of a SavedModel by their names in its folder. */
function filesOf(name: string): readonly WrittenFile[] {
  return ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"].map((file) => ({
    name: file,
    bytes: new Uint8Array(readFileSync(`${folder}${name}/${file}`)),
  }));
}

/** `bytes` with a text in place of another of the same length. */
function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  assert.equal(from.length, to.length);
  const text = Buffer.from(bytes).toString("latin1");
  assert.ok(text.includes(from));
  return new Uint8Array(Buffer.from(text.replaceAll(from, to), "latin1"));
}

describe("models answer as in TensorFlow, within 1e-6", () => {
  const layers =
    "InputLayer ZeroPadding2D Conv2D BatchNormalization ReLU DepthwiseConv2D Add AveragePooling2D Flatten Dense";
  for (const [file, answer, classes] of [
    ["keras3", "keras3", layers],
    ["keras2", "keras2", layers],
    ["tf1", "tf1", "InputLayer Conv2D BatchNormalization ReLU GlobalAveragePooling2D Conv2D Flatten Rescaling Softmax"],
    [
      "frozen.pb",
      "tf1",
      "InputLayer Conv2D BatchNormalization ReLU GlobalAveragePooling2D Conv2D Flatten Rescaling Softmax",
    ],
  ] as const) {
    test(file, async () => {
      using model = await loadModel(folder + file);
      assertWithin((await model.predict(x)).data, answers[answer] ?? [], 1e-6);
      assert.equal(model.layers.map(({ className }) => className).join(" "), classes);
    });
  }

  test("as a zip archive of the folder, as chosen files with and without their folders", async () => {
    const files = filesOf("keras2");
    const archive = writeZip(files.map(({ name, bytes }) => ({ name: `export/${name}`, bytes })));
    const flat = files.map(({ name, bytes }) => ({ name: name.replace("variables/", ""), bytes }));
    const withFolders = chosen(files).map((file, i) =>
      Object.defineProperty(file, "webkitRelativePath", { value: `export/${files[i]?.name}` }),
    );
    for (const source of [archive, withFolders, chosen(flat)]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      using model = await loadModel(source);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      assertWithin((await model.predict(x)).data, answers["keras2"] ?? [], 1e-6);
    }
  });

  test("layers and inputs are called as in Keras, weights come under Keras's names", async () => {
    const { model, weights, format } = await readCheckpoint(`${folder}keras2`);
    assert.equal(format, "TensorFlow SavedModel");
    assert.deepEqual(
      model?.layers.map(({ name }) => name).filter((name) => /first|norm|depth|answer/.test(name)),
      ["first", "norm", "depth", "answer"],
    );
    assert.deepEqual([...weights.keys()].slice(0, 3), ["first/kernel", "norm/gamma", "norm/beta"]);
  });

  test("layers that Keras 3 exported lose the suffix of their scopes", async () => {
    const { model } = await readCheckpoint(`${folder}keras3`);
    assert.equal(
      model?.layers.map(({ name }) => name).join(" "),
      "keras_tensor zero_padding2d first norm re_lu depth add average_pooling2d flatten answer",
    );
  });
});

describe("checkpoints give their weights to a model that is there", () => {
  for (const [file, name] of [
    ["keras3.index", "keras3"],
    ["keras2.index", "keras2"],
    ["keras2.data-00000-of-00001", "keras2"],
  ] as const) {
    test(file, async () => {
      using model = await loadModel(folder + name);
      for (const weight of model.weights) weight.assign(new Float32Array(weight.size).fill(0.5));
      await model.loadWeights(folder + file);
      assertWithin((await model.predict(x)).data, answers[name] ?? [], 1e-6);
    });
  }

  test("by the name that their files have in common, and by the file that names the latest", async () => {
    using model = await loadModel(`${folder}keras2`);
    const [index, values] = ["index", "data-00000-of-00001"].map((end) => readFileSync(`${folder}keras2.${end}`));
    const state = new TextEncoder().encode(
      'model_checkpoint_path: "/home/me/ckpt-2"\nall_model_checkpoint_paths: "x"\n',
    );
    const files = [
      { name: "checkpoint", bytes: state },
      { name: "ckpt-1.index", bytes: new Uint8Array() },
      { name: "ckpt-2.index", bytes: new Uint8Array(index ?? []) },
      { name: "ckpt-2.data-00000-of-00001", bytes: new Uint8Array(values ?? []) },
    ];
    await model.loadWeights(chosen(files));
    assertWithin((await model.predict(x)).data, answers["keras2"] ?? [], 1e-6);
    await assert.rejects(model.loadWeights(chosen(files.toSpliced(2, 1))), {
      code: "FormatError",
      message: /names "ckpt-2\.index" as the latest/,
    });
  });

  test("of another model they are refused by the first layer that differs; alone they are no model", async () => {
    using model = await loadModel(`${folder}tf1`);
    await assert.rejects(model.loadWeights(`${folder}keras2.index`), {
      code: "ValueError",
      message: /Layer count mismatch .* expected 3 layers, found 4 saved layers/,
    });
    await assert.rejects(loadModel(`${folder}keras2.index`), { code: "ValueError", message: /weights only/ });
  });
});

describe("what is missing or not read is named, with a way out", () => {
  const [main, index, values] = filesOf("keras2");
  const load = (...files: readonly (WrittenFile | undefined)[]): Promise<unknown> =>
    loadModel(chosen(files.filter((file) => file !== undefined)));
  const flat = (file: WrittenFile | undefined): WrittenFile | undefined =>
    file && { name: file.name.replace("variables/", ""), bytes: file.bytes };
  const changed = (from: string, to: string): WrittenFile => ({
    name: "saved_model.pb",
    bytes: replaced(main?.bytes ?? new Uint8Array(), from, to),
  });

  test("variables, or their values", async () => {
    await assert.rejects(loadModel(main?.bytes ?? new Uint8Array()), {
      code: "FormatError",
      message: /'variables\/variables\.index'.*Open the whole folder/,
    });
    await assert.rejects(load(main, flat(index)), {
      code: "FormatError",
      message: /'variables\.data-00000-of-00001', which is missing/,
    });
    const short = { name: "variables.data-00000-of-00001", bytes: values?.bytes.slice(0, 100) ?? new Uint8Array() };
    await assert.rejects(load(main, flat(index), short), { code: "FormatError", message: /truncated/ });
  });

  test("an operator", async () => {
    const files = [changed("AvgPool", "FancyOp"), flat(index), flat(values)] as const;
    await assert.rejects(load(...files), {
      code: "UnsupportedError",
      message: /is a FancyOp\. .*load_model\(folder\)\.save\("model\.keras"\).*TFSMLayer/,
    });
    const { unread } = await readCheckpoint(chosen(files.filter((file) => file !== undefined)));
    assert.deepEqual(unread?.inputs, [{ name: "serving_default_input_1", shape: [null, 12, 12, 3] }]);
  });

  test("the only signature is taken, whatever it is called; without one there is no model", async () => {
    await load(changed("serving_default", "serving_unknown"), flat(index), flat(values));
    await assert.rejects(load(changed("serving_default", "__rving_default"), flat(index), flat(values)), {
      code: "UnsupportedError",
      message: /has no signature/,
    });
  });

  test("a graph alone: an operator", async () => {
    const bytes = replaced(new Uint8Array(readFileSync(`${folder}frozen.pb`)), "Relu6", "Relu9");
    await assert.rejects(loadModel(bytes), { code: "UnsupportedError", message: /is a Relu9\..*import_graph_def/ });
  });
});
