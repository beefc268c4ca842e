/** Keras 3 and Keras 2 open what we write and answer the same; we open what they write now and answer the same. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { assertWithin } from "../support/compare.ts";
import { seededInput } from "../support/seeded.ts";
import { needsShared, sharedPath } from "../support/shared.ts";
import { type AnyModel, CLASSES, SIZE, blank, kinds, seeded } from "./models.ts";
import { type Answer, Asked, needsPython } from "./peers.ts";
import { IMAGENET } from "./pictures.ts";

interface KerasAnswer extends Answer {
  readonly names?: readonly string[];
  /** `training` where a layer or model is called with it. */
  readonly calls?: readonly (readonly [layer: string, training: boolean])[];
}

const WHOLE = { keras: "model.keras", h5: "model.h5" };
const WEIGHTS = { "weights.h5": "new.weights.h5", "legacy-weights": "weights.h5" };

const x = seededInput("peers", [2, SIZE, SIZE, 3]);

async function answerOf(model: AnyModel): Promise<Float32Array> {
  return (await model.predict(x)).data;
}

async function declareTests(packageName: "keras" | "tf_keras"): Promise<void> {
  const isKeras2 = packageName === "tf_keras";
  const asked = new Asked<KerasAnswer>("keras", `keras_models.py ${packageName}`);
  for (const kind of kinds) {
    // oxlint-disable-next-line no-await-in-loop -- a few models
    const model = await seeded(kind);
    // oxlint-disable-next-line no-await-in-loop
    const expected = await answerOf(model);
    for (const classNames of kind === "functional" ? [undefined, CLASSES] : [undefined]) {
      model.classNames = classNames;
      const named = classNames === undefined ? "" : ", with class names";
      for (const [format, file] of Object.entries({ ...WHOLE, ...WEIGHTS })) {
        // Keras 2 does not know Keras 3's .keras, nor a .h5 in which a model is a layer of a functional one.
        if (isKeras2 && (format === "keras" || (format === "h5" && kind === "nested"))) continue;
        const path = asked.path(`${kind}${named === "" ? "" : "-named"}`, file);
        // oxlint-disable-next-line no-await-in-loop
        await model.save(path, { format });
        const isWhole = format in WHOLE;
        const answer = asked.task(isWhole ? { do: "open", file: path } : { do: "weights", model: kind, file: path }, x);
        test(`${packageName} opens our ${kind} model as ${format}${named}: within 1e-5 of ours`, () => {
          const { output = [], names, calls } = answer();
          assertWithin(output, expected, 1e-5);
          if (!isWhole) return;
          const own = model.layers.map(({ name }) => name);
          assert.deepEqual(names, own);
          if (kind === "nested") assert.deepEqual(calls, [[model.layers[2]?.name, false]]);
        });
      }
    }
  }

  if (!isKeras2) {
    const path = asked.path("model.safetensors");
    const model = await seeded("functional");
    await model.save(path);
    const expected = await answerOf(model);
    const answer = asked.task({ do: "read", file: path }, x);
    test("our safetensors, read into Keras as docs/formats.md says: within 1e-5 of ours", () => {
      assertWithin(answer().output ?? [], expected, 1e-5);
    });
  }

  for (const kind of kinds) {
    const files = { ...WHOLE, ...WEIGHTS };
    const paths = Object.values(files).map((file) => asked.path(`made-${kind}`, file));
    const answer = asked.task({ do: "make", model: kind, files: paths }, x);
    for (const [i, format] of Object.keys(files).entries()) {
      test(`${packageName} writes its ${kind} model as ${format}, and we open it: within 1e-5 of its answer`, async () => {
        const { output = [], calls = [] } = answer();
        const path = paths[i] ?? "";
        using model = format in WHOLE ? await loadModel(path) : await blank(kind);
        if (!(format in WHOLE)) await model.loadWeights(path);
        assertWithin(await answerOf(model), output, 1e-5);
        if (format in WHOLE) assertCalls(model, calls);
      });
    }
  }
}

/** Models within are called in our graph as they are in theirs. */
function assertCalls(model: AnyModel, calls: NonNullable<KerasAnswer["calls"]>): void {
  for (const [name, training] of calls) {
    assert.equal(model.getLayer(name).inboundNodes.at(-1)?.training, training, name);
  }
}

async function declareImagenet(): Promise<void> {
  const asked = new Asked<KerasAnswer>("keras", "keras_models.py keras");
  const picture = seededInput("peers/imagenet", [1, 224, 224, 3]);
  const published = sharedPath(IMAGENET);
  using model = await MobileNetV2({ weights: published });
  const expected = (await model.predict(picture)).data;
  for (const format of Object.keys(WHOLE)) {
    const path = asked.path(`imagenet.${format}`);
    await model.save(path, { format });
    const answer = asked.task({ do: "open", file: path }, picture);
    test(`keras opens MobileNetV2 1.0_224 with its ImageNet weights as we write it, ${format}: within 1e-5`, () => {
      assertWithin(answer().output ?? [], expected, 1e-5);
    });
  }
}

/** Files are written, and tasks collected, before the first test runs. */
function unless(missing: string | false, name: string, declare: () => Promise<void>): void {
  describe(name, { skip: missing }, missing === false ? declare : () => undefined);
}

const missing = needsPython("keras");
unless(missing, "Keras 3", () => declareTests("keras"));
unless(missing || needsPython("keras", ["tf_keras", "tensorflow"]), "Keras 2", () => declareTests("tf_keras"));
unless(missing || needsShared, "ImageNet weights in Keras 3", declareImagenet);
