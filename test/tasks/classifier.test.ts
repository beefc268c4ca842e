/** Classifiers as a program has them: checkpoints and pictures as bytes, names as lists. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { preprocessInput } from "../../src/applications/imagenet-utils.ts";
import { stack } from "../../src/core/tensor.ts";
import { imgToArray } from "../../src/image/img-to-array.ts";
import { loadImg } from "../../src/image/load-img.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Sequential } from "../../src/models/sequential.ts";
import {
  type ClassifierOptions,
  type LoadClassifierOptions,
  loadClassifier,
  planClassifier,
} from "../../src/tasks/load-classifier.ts";
import { assertWithin } from "../support/compare.ts";
import { SIZE, pictureOf, seededModel } from "./models.ts";

const NAMES = ["daisy", "rose", "tulip", "weed"];

describe("a classifier", { concurrency: false }, () => {
  test("of a model's bytes answers as the model itself does with the picture squeezed, and names its classes", async () => {
    using model = await seededModel();
    model.classNames = NAMES;
    const picture = await pictureOf("one");
    const img = await loadImg(picture, { targetSize: [SIZE, SIZE], interpolation: "bilinear", autoOrient: true });
    const expected = await model.predict(preprocessInput(imgToArray(img)));

    using classifier = await loadClassifier({ weights: await model.toBytes("keras") });
    assert.deepEqual(
      [classifier.weights, classifier.alpha, classifier.size, classifier.labels],
      ["bytes", 0.35, SIZE, NAMES],
    );
    const scores = await classifier.scores(await classifier.prepare(picture));
    assert.deepEqual([scores.shape, scores.data], [[1, 4], expected.data]);
    const best = await classifier.classify(picture, { top: 2 });
    const order = [0, 1, 2, 3].toSorted((a, b) => (expected.data[b] ?? 0) - (expected.data[a] ?? 0));
    assert.deepEqual(
      best.map(({ label, score }) => [label, score]),
      order.slice(0, 2).map((index) => [NAMES[index], expected.data[index]]),
    );
  });

  test("gives a batch a row of scores for each picture (within 1e-6 of one by one)", async () => {
    using model = await seededModel();
    using classifier = await loadClassifier({ weights: await model.toBytes("keras"), threads: 1 });
    const inputs = await Promise.all(
      ["one", "two", "three"].map(async (seed) => classifier.prepare(await pictureOf(seed))),
    );
    const together = await classifier.scores(stack(inputs));
    assert.deepEqual(together.shape, [3, 4]);
    for (const [i, input] of inputs.entries()) {
      const { data } = await classifier.scores(input);
      assertWithin(together.data.subarray(i * 4, i * 4 + 4), data, 1e-6);
    }
  });

  test("of weights alone has its architecture from the options, its names from a file; logits become probabilities (sum within 1e-6 of 1)", async () => {
    using model = await seededModel();
    const weights = await model.toBytes("weights.h5");
    const labels = new TextEncoder().encode(`${NAMES.join("\n")}\n`);
    using classifier = await loadClassifier({ weights: new Blob([Uint8Array.from(weights)]), size: SIZE, labels });
    assert.deepEqual(classifier.labels, NAMES);
    const picture = await pictureOf("one");
    const [first] = await classifier.classify(picture, { top: 1 });
    const input = await classifier.prepare(picture);
    assert.equal(first?.score, Math.max(...(await model.predict(input)).data));

    using linear = new Sequential([Input({ shape: [8, 8, 3] }), new GlobalAveragePooling2D(), new Dense({ units: 4 })]);
    using ofLogits = await loadClassifier({ weights: await linear.toBytes("keras"), labels: NAMES });
    const scores = await ofLogits.scores(await ofLogits.prepare(picture));
    assert.ok(Math.abs(scores.data.reduce((sum, score) => sum + score, 0) - 1) < 1e-6);
  });

  test("prepares pictures while it loads, as the file says", async () => {
    using model = await seededModel();
    const plan = planClassifier({ weights: await model.toBytes("keras"), cropAs: "torchvision" });
    const early = plan.prepare(await pictureOf("one"));
    using classifier = await plan.load();
    const late = await classifier.prepare(await pictureOf("one"));
    assert.deepEqual((await early).data, late.data);
    assert.deepEqual(late.shape, [SIZE, SIZE, 3]);
  });

  test("refuses what does not fit by the names that a program has for options; whoever prepares sees why nothing was loaded", async () => {
    using model = await seededModel();
    const weights = await model.toBytes("keras");
    const cases: readonly (readonly [LoadClassifierOptions, RegExp])[] = [
      [{ weights, alpha: 1 }, /^The file has its own model, of alpha 0\.35\. Received: `alpha: 1`$/],
      [{ weights, size: 64 }, /^The model takes pictures of 32 × 32 × 3\. Received: `size: 64`$/],
      [{ weights, crop: 30 }, /^The model takes pictures of 32 × 32\. Received: `crop: 30`$/],
      [{ weights, labels: ["a", "b"] }, /^`labels` names 2 classes, but the weights are for 4\.$/],
      [{ preset: "nsfwjs" }, /^The preset nsfwjs needs `weights`/],
      [{ preset: "nsfwjs", weights, crop: 224 }, /squeezed\. `cropAs`, `resize` and `crop` do not go with them\.$/],
      [JSON.parse('{"label":[]}') as ClassifierOptions, /^Unknown option `label` of .*\. Did you mean `labels`\?$/],
    ];
    for (const [options, message] of cases) {
      await assert.rejects(loadClassifier(options), { name: "MobileNetV2Error", code: "ValueError", message });
    }
    const plan = planClassifier({ weights: new TextEncoder().encode("no model") });
    const early = assert.rejects(plan.prepare(await pictureOf("one")), { code: "FormatError" });
    await assert.rejects(plan.load(), { code: "FormatError" });
    await plan.known;
    await early;
  });

  test("is not made of a model of features, and not after its signal was aborted", async () => {
    using features = new Sequential([Input({ shape: [8, 8, 3] }), new GlobalAveragePooling2D()]);
    await assert.rejects(loadClassifier({ weights: await features.toBytes("keras") }), {
      code: "ValueError",
      message: "The model has no classifier: it answers with features of shape (3).",
    });
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(loadClassifier({ weights: "https://127.0.0.1:1/x.keras", signal }), /enough/);
  });
});
