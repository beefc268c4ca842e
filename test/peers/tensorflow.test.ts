/** TensorFlow's SavedModels, frozen graphs and checkpoints, as Keras 3, Keras 2 and Google's own code write them: we answer as TensorFlow does. */
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { assertWithin } from "../support/compare.ts";
import { seededInput } from "../support/seeded.ts";
import { needsShared, sharedPath } from "../support/shared.ts";
import { Asked, needsPython } from "./peers.ts";

const asked = new Asked("keras", "tensorflow_models.py");
const missing = needsPython("keras");
const SIZE = 96;
const x = seededInput("peers/tensorflow", [2, SIZE, SIZE, 3]);
const pixels = new Tensor(
  [2, 32, 32, 3],
  seededInput("peers/pixels", [2, 32, 32, 3]).data.map((v) => (v + 1) * 127),
);

function asWritten(kind: string, name: string, input = x) {
  const path = asked.path(name);
  return { kind, path, input, answer: asked.task({ kind, path }, input) };
}

const keras3 = asWritten("MobileNetV2 of Keras 3", "keras3");
const keras2 = asWritten("MobileNetV2 of Keras 2", "keras2");

describe("whole models", { skip: missing }, () => {
  for (const { kind, path, answer, input } of [
    keras3,
    keras2,
    asWritten("small model of Keras 3", "small3", pixels),
    asWritten("small model of Keras 2", "small2", pixels),
    asWritten("small model of Keras 3, by saved_model.save", "small3-saved", pixels),
    asWritten("slim saved model", "slim-saved-model"),
    asWritten("frozen", "mobilenet_v2_0.35_96_frozen.pb"),
    asWritten("slim", "mobilenet_v2_0.35_96.ckpt"),
    asWritten("slim averages", "averages_mobilenet_v2_0.35_96.ckpt"),
  ]) {
    test(`${kind}: within 1e-5 of the largest output`, async () => {
      const { output = [] } = answer();
      using model = await loadModel(path);
      const { data } = await model.predict(input);
      assertWithin(data, output, 1e-5 * Math.max(1, ...output.map(Math.abs)));
    });
  }

  if (needsShared === false) {
    const path = sharedPath("cases/saved-model/model");
    const input = seededInput("peers/case", [2, 6, 6, 3]);
    const answer = asked.task({ kind: "run", path }, input);
    test("the SavedModel of the reference folder: within 1e-5", async () => {
      using model = await loadModel(path);
      assertWithin((await model.predict(input)).data, answer().output ?? [], 1e-5);
    });
  }
});

describe("weights for a model that is there", { skip: missing }, () => {
  for (const { kind, path, answer } of [
    asWritten("Keras 3 checkpoint", "ckpt3"),
    asWritten("Keras 2 checkpoint", "ckpt2"),
    asWritten("Keras 2 save_weights", "weights2"),
    keras3,
    keras2,
  ]) {
    test(`${kind}: within 1e-5`, async () => {
      const { output = [] } = answer();
      using model = await MobileNetV2({ inputShape: [SIZE, SIZE, 3], alpha: 0.35, classes: 10, weights: null });
      await model.loadWeights(path);
      assertWithin((await model.predict(x)).data, output, 1e-5);
    });
  }
});
