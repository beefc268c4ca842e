/** Fine-tuning MobileNetV2 by compile, fit and evaluate, as Keras does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Model } from "../../src/models/model.ts";
import { type KerasOptimizer, fineTunedModel, optimizerOf } from "../support/fine-tuning.ts";
import { seededInput } from "../support/seeded.ts";
import { needsShared, sharedJson } from "../support/shared.ts";

/** Of MobileNetV2 0.35, 64 pixels, 5 classes, a batch of 8. */
interface SetUp {
  readonly seed: string;
  readonly labels: readonly number[];
  readonly optimizer: KerasOptimizer;
  readonly frozen: string;
}

interface Reference extends SetUp {
  readonly name: string;
  readonly losses: readonly number[];
  readonly weights_after: Readonly<Record<string, readonly number[]>>;
  readonly evaluate_after: number;
}

interface Fixture {
  readonly calm: readonly (Omit<SetUp, "frozen" | "seed"> & {
    readonly name: string;
    readonly losses: readonly number[];
    readonly evaluated: number;
    readonly weights: Readonly<Record<string, readonly number[]>>;
  })[];
  /** Losses and evaluation of set-ups, by Keras in several ways. */
  readonly spread: Readonly<Record<string, readonly (readonly number[])[]>>;
}

const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/training/steps.json", import.meta.url), "utf8"),
) as Fixture;

function assertRelative(actual: number | undefined, expected: number, tolerance: number, what: string): void {
  const difference = Math.abs((actual ?? NaN) - expected);
  assert.ok(difference <= tolerance * Math.abs(expected), `${what}: ${actual}, Keras's ${expected}`);
}

function assertWeights(model: Model, expected: Readonly<Record<string, readonly number[]>>): void {
  for (const [name, values] of Object.entries(expected)) {
    const found = model.weight(name).values;
    const scale = Math.max(...values.map(Math.abs));
    for (const [i, value] of values.entries()) {
      assert.ok(Math.abs((found[i] ?? NaN) - value) <= 1e-3 * scale, `${name}[${i}]: ${found[i]}, Keras's ${value}`);
    }
  }
}

/** The losses of four steps, and that of an evaluation. The first step by itself: what is frozen is run anew there. */
async function steps(model: Model, setUp: SetUp): Promise<readonly number[]> {
  const { seed, labels } = setUp;
  const x = seededInput(seed, [8, 64, 64, 3]);
  model.compile({ optimizer: optimizerOf(setUp.optimizer), loss: "sparse_categorical_crossentropy" });
  const first = await model.trainOnBatch(x, labels);
  const { history } = await model.fit(x, labels, { epochs: 3, batchSize: 8, shuffle: false });
  const { loss } = await model.evaluate(x, labels);
  model.dispose();
  return [first["loss"] ?? NaN, ...(history["loss"] ?? []), loss ?? NaN];
}

describe("all layers, at small learning rates, as Keras in float64: losses within 3e-4, weights within 1e-3 of their scale", () => {
  for (const { name, labels, optimizer, losses, evaluated, weights } of fixture.calm) {
    it(name, async () => {
      const setUp = { seed: `calm/${name}`, labels, optimizer, frozen: "none" };
      const model = await fineTunedModel(setUp);
      const found = await steps(model, setUp);
      for (const [i, loss] of [...losses, evaluated].entries()) {
        assertRelative(found[i], loss, i === 0 ? 1e-5 : 3e-4, `loss ${i}`);
      }
      assertWeights(model, weights);
    });
  }
});

describe("the reference folder's set-ups", { skip: needsShared }, () => {
  const references = needsShared === false ? sharedJson<readonly Reference[]>("reference/training.json") : [];
  for (const reference of references) {
    const { name, losses, evaluate_after: evaluated } = reference;
    const spread = fixture.spread[name];
    const claim =
      spread === undefined
        ? "losses as Keras's within 1e-3, weights 1e-3 of their scale"
        : "the first loss as Keras's within 1e-4, later ones within three times as far from Keras's as these are from one another";
    it(`${name}: ${claim}`, async () => {
      const model = await fineTunedModel(reference);
      const frozen = model.nonTrainableWeights.filter(({ trainable }) => trainable);
      const before = frozen.map(({ values }) => values.slice());
      const found = await steps(model, reference);
      for (const [i, { values }] of frozen.entries()) assert.deepEqual(values, before[i]);
      assertRelative(found[0], losses[0] ?? NaN, 1e-4, "loss 0");
      for (const [i, loss] of [...losses, evaluated].entries()) {
        const others = [loss, ...(spread ?? []).map((one) => one[i] ?? NaN)];
        const [low, high] = [Math.min(...others), Math.max(...others)];
        const room = Math.max(3 * (high - low), 1e-3 * loss);
        const ours = found[i] ?? NaN;
        assert.ok(ours >= low - room && ours <= high + room, `loss ${i}: ${ours}, Keras's ${others.join(", ")}`);
      }
      if (spread === undefined) assertWeights(model, reference.weights_after);
    });
  }
});
