/** Files of the kinds that failed in the open, in the reference folder: each answers as in its own framework, or what is not read is named. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { uniform } from "../../src/core/random.ts";
import { sizeOf } from "../../src/core/shape.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { loadAnyModel } from "../../src/models/files/load-model.ts";
import type { AnyModel } from "../../src/models/files/model-from-description.ts";
import { loadClassifier } from "../../src/tasks/load-classifier.ts";
import { assertWithin } from "../support/compare.ts";
import { needsShared, sharedBytes, sharedJson, sharedPath } from "../support/shared.ts";

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Answers {
  readonly inputs: readonly Values[];
  readonly outputs: readonly Values[];
}

interface FileCase {
  readonly model: string;
  readonly input: readonly number[];
  readonly output: readonly number[];
}

const skip = needsShared || (existsSync(sharedPath("cases")) ? false : "needs ../shared/cases, which is missing");

/** Layers, or operations on tensors, that there may not be here: errors name them. */
const MAY_LACK: ReadonlyMap<string, RegExp> = new Map([
  ["layer_normalization_keras", /class Normalization/],
  ["layer_prelu_keras", /class PReLU/],
  ["layer_upsampling_keras", /class UpSampling2D/],
  ["dot_cosine", /class Dot/],
  ["leaky_relu", /class LeakyReLU/],
  ["normalization", /class Normalization/],
  ["ops_mean_max", /\(Mean\)/],
  ["prelu", /class PReLU/],
  ["siamese_subtract", /class Subtract/],
  ["squeeze_excite", /class Multiply/],
  ["time_distributed", /class TimeDistributed/],
  ["transpose_same", /class Conv2DTranspose/],
  ["transpose_valid", /class Conv2DTranspose/],
  ["upsampling_bilinear", /class UpSampling2D/],
  ["upsampling_nearest", /class UpSampling2D/],
  ["attention", /class MultiHeadAttention/],
  ["lstm", /class LSTM/],
]);

/** Names of what is in a folder of the cases; none without the folder. */
function namesIn(folder: string): readonly string[] {
  return skip === false ? readdirSync(sharedPath(`cases/${folder}`)) : [];
}

function floats(path: string, shape: readonly number[]): Tensor<Float32Array> {
  return new Tensor(shape, new Float32Array(new Uint8Array(sharedBytes(path)).buffer));
}

function valuesOf({ shape, data }: Values): Tensor<Float32Array> {
  return new Tensor(shape, Float32Array.from(data));
}

/** The model; undefined if it is refused by the name of what there is not here. */
async function opened(path: string, name: string): Promise<AnyModel | undefined> {
  try {
    return await loadAnyModel(sharedPath(path), { compile: false });
  } catch (error) {
    assert.ok(error instanceof MobileNetV2Error);
    assert.equal(error.code, "UnsupportedError", error.message);
    assert.match(error.message, MAY_LACK.get(name) ?? /^$/);
    return undefined;
  }
}

async function assertAnswers(
  model: AnyModel,
  inputs: readonly Tensor<Float32Array>[],
  expected: readonly Tensor<Float32Array>[],
  tolerance: number,
): Promise<void> {
  const answers = await model.predictAll(inputs);
  assert.equal(answers.length, expected.length);
  for (const [i, { shape, data }] of expected.entries()) {
    assert.deepEqual(answers[i]?.shape, shape);
    assertWithin(answers[i]?.data ?? [], data, tolerance);
  }
}

describe("whole networks within 1e-5 of their own framework's answers, of int8 within 0.06", { skip }, () => {
  for (const name of namesIn("files")) {
    test(name, async () => {
      const folder = `cases/files/${name}`;
      const { model: file, input, output } = sharedJson<FileCase>(`${folder}/case.json`);
      const model = await opened(`${folder}/${file}`, name);
      if (model === undefined) return;
      const expected = floats(`${folder}/expected.f32`, output);
      await assertAnswers(
        model,
        [floats(`${folder}/input.f32`, input)],
        [expected],
        name.includes("int8") ? 0.06 : 1e-5,
      );
      if (name === "float_io_int8_tflite") assert.deepEqual(model.preprocessing, { scale: 1 / 255, offset: 0 });
    });
  }
});

for (const folder of ["augmentation", "layers", "unknown-layers"]) {
  describe(`${folder}: within 1e-5 of Keras's answers, or named`, { skip }, () => {
    for (const file of namesIn(folder).filter((name) => !name.endsWith(".json"))) {
      test(file, async () => {
        const name = file.replace(/\.\w+$/, "");
        const model = await opened(`cases/${folder}/${file}`, name);
        if (model === undefined) return;
        const { inputs, outputs } = sharedJson<Answers>(`cases/${folder}/${name}.json`);
        await assertAnswers(model, inputs.map(valuesOf), outputs.map(valuesOf), 1e-5);
      });
    }
  });
}

describe("a model that does not say how its pixels are scaled, within 1e-4 of Keras's answers", { skip }, () => {
  for (const [scaling, pixels] of [
    ["x/255", "0..1"],
    ["x/127.5-1", "-1..1"],
  ] as const) {
    test(`${scaling}, by the option \`pixels\``, async () => {
      const expected = sharedJson<Record<string, readonly number[]>>("cases/pixels/values.json")[scaling] ?? [];
      using classifier = await loadClassifier({ weights: sharedPath("cases/pixels/model.keras"), pixels });
      const picture = await classifier.prepare(sharedPath("cases/pixels/picture.png"));
      assertWithin((await classifier.scores(picture)).data, expected, 1e-4);
    });
  }
});

test("a SavedModel opens, and its scores add up to 1 within 1e-6", { skip }, async () => {
  const model = await loadAnyModel(sharedPath("cases/saved-model/model"), { compile: false });
  const shape = (model.inputs[0]?.shape ?? []).map((length) => length ?? 1);
  const answer = await model.predict(new Tensor(shape, uniform("saved-model", sizeOf(shape), -1, 1)));
  assert.ok(answer instanceof Tensor);
  assertWithin([answer.data.reduce((sum, value) => sum + value, 0)], [1], 1e-6);
});
