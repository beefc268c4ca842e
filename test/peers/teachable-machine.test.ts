/** Teachable Machine's own package opens our exports, and we open its, in the structure of its site: the same answers to the same picture. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { closeBrowser, withoutChromium } from "../browser/harness.ts";
import { chosen } from "../saving/files.ts";
import { assertWithin } from "../support/compare.ts";
import { seedWeights } from "../support/seeded.ts";
import { answerOf } from "../support/teachable-machine.ts";
import { CLASSES, SIZE, type Kind, seeded } from "./models.ts";
import { needsPackages } from "./peers.ts";
import { openExport, trainExport } from "./teachable-machine.ts";

describe("Teachable Machine", { skip: withoutChromium || needsPackages }, () => {
  after(closeBrowser);

  for (const kind of ["functional", "sequential"] satisfies readonly Kind[]) {
    test(`its package opens our ${kind} model: within 1e-5 of ours`, async () => {
      using model = await seeded(kind);
      model.classNames = CLASSES;
      model.preprocessing = { scale: 1 / 127, offset: -1 };
      const { labels, probabilities } = await openExport(await model.toFiles("teachable-machine"));
      assert.deepEqual(labels, CLASSES);
      assertWithin(await answerOf(model, SIZE), probabilities, 1e-5);
    });
  }

  test("what it trains on a MobileNetV2 0.35_224 and exports, and that as we write it again: within 1e-5 of its answer", async () => {
    const base = await MobileNetV2({ alpha: 0.35, includeTop: false, weights: null, inputShape: [224, 224, 3] });
    seedWeights(base, "peers/teachable");
    const labels = ["Class 1", "Löwenzahn", "向日葵"];
    const { probabilities, written } = await trainExport(base, { size: 224, denseUnits: 100, labels });
    using model = await loadModel(chosen(written));
    assert.deepEqual(model.classNames, labels);
    assert.deepEqual(model.preprocessing, { scale: 1 / 127, offset: -1 });
    const [features, top] = model.layers;
    assert.deepEqual([features?.className, top?.className], ["Sequential", "Sequential"]);
    assertWithin(await answerOf(model, 224), probabilities, 1e-5);
    const again = await openExport(await model.toFiles("teachable-machine"));
    assert.deepEqual(again.labels, labels);
    assertWithin(again.probabilities, probabilities, 1e-5);
  });
});
