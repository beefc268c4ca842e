/** Models written in the names of PyTorch's packages: what is read back is the same, bit for bit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { Rescaling } from "../../../src/layers/preprocessing/rescaling.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import { describeModel, weightsByPath } from "../../../src/models/files/describe-model.ts";
import { modelFromDescription } from "../../../src/models/files/model-from-description.ts";
import { Model } from "../../../src/models/model.ts";
import { Sequential } from "../../../src/models/sequential.ts";
import type { Checkpoint, SavedModel, WrittenFile } from "../../../src/saving/checkpoint.ts";
import { openCheckpoint, writers } from "../../../src/saving/formats.ts";
import { readSafetensors } from "../../../src/saving/safetensors/safetensors.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";
import { type Answer, answers, stateDictFile } from "./answers.ts";

function open(files: readonly WrittenFile[]): Promise<Checkpoint> {
  const [main] = files;
  assert.ok(main !== undefined);
  const byName = new Map(files.map(({ name, bytes }) => [name, bytes]));
  return openCheckpoint({ ...main, sibling: async (name) => byName.get(name) });
}

function hub(name: string, { shapes, files }: Answer): readonly WrittenFile[] {
  const beside = Object.entries(files).map(([file, text]) => ({ name: file, bytes: new TextEncoder().encode(text) }));
  return [{ name: "model.safetensors", bytes: stateDictFile(name, shapes) }, ...beside];
}

async function write(format: string, saved: SavedModel, name = "model.safetensors"): Promise<readonly WrittenFile[]> {
  const writer = writers.find(({ id }) => id === format);
  assert.ok(writer !== undefined);
  return writer.write(saved, name);
}

/** The model with its values, as writers take it. */
function savedOf({ model, weights, classNames, preprocessing }: Checkpoint): SavedModel {
  assert.ok(model !== undefined);
  const made = modelFromDescription(model, weights);
  return { model: describeModel(made), weights: weightsByPath(made), classNames, preprocessing };
}

/** What of a checkpoint must come back. */
function essence({ model, weights, classNames, preprocessing }: Checkpoint): unknown {
  return {
    model,
    weights: new Map([...weights].map(([path, tensor]) => [path, { shape: tensor.shape, values: tensor.read() }])),
    classNames,
    preprocessing,
  };
}

for (const [name, answer] of Object.entries(answers)) {
  test(`${name}: read, written in its own naming and read again, with a hub's files and without: bit for bit`, async () => {
    const original = hub(name, answer);
    const checkpoint = await open(original);
    const files = await write(checkpoint.origin, savedOf(checkpoint));
    const [main] = files;
    assert.deepEqual(essence(await open(main === undefined ? [] : [main])), essence(checkpoint));
    const before = readSafetensors(original[0]?.bytes ?? new Uint8Array()).tensors;
    const after = readSafetensors(main?.bytes ?? new Uint8Array());
    assert.deepEqual([...after.tensors.keys()].toSorted(), [...before.keys()].toSorted());
    for (const [tensor, { shape, bytes }] of before) {
      assert.deepEqual(after.tensors.get(tensor)?.shape, shape, tensor);
      assert.deepEqual(after.tensors.get(tensor)?.bytes, bytes, tensor);
    }
    // What is said in the metadata is said in the hub's files too.
    if (checkpoint.origin !== "huggingface" || answer.files["config.json"] === undefined) return;
    const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
    const written = JSON.parse(text(files.find((file) => file.name === "config.json")?.bytes)) as Record<
      string,
      unknown
    >;
    const theirs = JSON.parse(answer.files["config.json"]) as Record<string, unknown>;
    for (const key of Object.keys(written)) {
      const same = [
        "architectures",
        "torch_dtype",
        "id2label",
        "label2id",
        "depth_multiplier",
        "num_channels",
      ].includes(key);
      if (!same) assert.deepEqual(written[key], theirs[key] ?? written[key], key);
    }
  });
}

test("a MobileNetV2 of Keras in every naming: the same model again, bit for bit, its softmax and its padding with it", async () => {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [33, 32, 3], weights: null, classes: 7 });
  seedWeights(model, "torch/write");
  const input = seededInput("torch/write", [1, 33, 32, 3]);
  const [expected] = await model.predictAll(input);
  const saved = {
    model: describeModel(model),
    weights: weightsByPath(model),
    classNames: ["a", "b", "c", "d", "e", "f", "ü"],
  };
  for (const format of ["torchvision", "timm", "huggingface", "safetensors"]) {
    // oxlint-disable-next-line no-await-in-loop -- one engine at a time
    const checkpoint = await open(await write(format, saved, "any.safetensors"));
    assert.equal(checkpoint.origin, format === "safetensors" ? "mobilenet-v2" : format);
    assert.deepEqual(checkpoint.classNames, saved.classNames);
    assert.ok(checkpoint.model !== undefined);
    const again = modelFromDescription(checkpoint.model, checkpoint.weights);
    for (const [path, tensor] of saved.weights) assert.deepEqual(again.weight(path).values, tensor.data, path);
    // oxlint-disable-next-line no-await-in-loop -- one engine at a time
    const [output] = await again.predictAll(input);
    assert.deepEqual(output?.data, expected?.data, format);
    again.dispose();
  }
  model.dispose();
});

test("a model of models in our safetensors: the same layers, names and bits", async () => {
  const base = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], weights: null, includeTop: false });
  seedWeights(base, "torch/nested");
  const model = new Sequential({
    layers: [Input({ shape: [32, 32, 3] }), base, new GlobalAveragePooling2D(), new Dense({ units: 2, name: "head" })],
  });
  const preprocessing = { scale: [1, 2, 3], offset: 0 };
  const saved = { model: describeModel(model), weights: weightsByPath(model), preprocessing };
  const checkpoint = await open(await write("safetensors", saved));
  assert.deepEqual(checkpoint.preprocessing, preprocessing);
  assert.ok(checkpoint.model !== undefined);
  const again = modelFromDescription(checkpoint.model, checkpoint.weights);
  assert.deepEqual(describeModel(again), saved.model);
  assert.deepEqual(weightsByPath(again), saved.weights);
  // The same model is also one in PyTorch's sense: its parts are in a row.
  const flat = await open(await write("timm", saved));
  assert.deepEqual(flat.weights.get("Conv1/kernel")?.read(), weightsByPath(base).get("Conv1/kernel")?.data);
});

test("what is no MobileNetV2 is not written: the error names the first layer that does not fit", async () => {
  const base = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], weights: null, includeTop: false });
  const image = Input({ shape: [32, 32, 3] });
  const pooled = new GlobalAveragePooling2D().apply(base.apply(image));
  const hidden = new Dense({ units: 4, activation: "relu", name: "hidden" }).apply(pooled);
  const models: readonly [Model, RegExp][] = [
    [
      new Model({ inputs: image, outputs: new Dense({ units: 2, name: "last" }).apply(hidden) }),
      /Layer 'last' does not fit.*the end/,
    ],
    [
      new Model({ inputs: image, outputs: base.apply(new Rescaling({ scale: 2, name: "scaled" }).apply(image)) }),
      /Layer 'scaled' does not fit.*a convolution/,
    ],
    [new Model({ inputs: base.input, outputs: base.getLayer("block_4_add").output }), /ends after|does not fit/],
  ];
  for (const [model, message] of models) {
    const saved = { model: describeModel(model), weights: weightsByPath(model) };
    // oxlint-disable-next-line no-await-in-loop -- they are few
    await assert.rejects(write("timm", saved), (error) => {
      assert.ok(error instanceof MobileNetV2Error);
      assert.match(error.message, message);
      return true;
    });
  }
});
