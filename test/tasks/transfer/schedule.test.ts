/** The schedule by the number of pictures, and what it refuses. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { transferSchedule } from "../../../src/tasks/transfer/schedule.ts";
import type { TransferSettings } from "../../../src/tasks/transfer/settings.ts";

describe("the schedule of a transfer", () => {
  test("few pictures: small batches and many epochs; many: the other way round; numbers that are given count", () => {
    const phases = (pictures: number, settings = {}) => {
      const { batchSize, phases: all } = transferSchedule(settings, {
        counts: [pictures / 2, pictures / 2],
        labels: [],
        validates: true,
      });
      return [
        batchSize,
        ...all.map(({ name, epochs, learningRate, patience }) => [name, epochs, learningRate, patience]),
      ];
    };
    assert.deepEqual(phases(40), [8, ["head", 60, 1e-3, 15], ["fine-tuning", 30, 1e-4, 8]]);
    assert.deepEqual(phases(20_000), [32, ["head", 10, 1e-3, 8], ["fine-tuning", 5, 1e-4, 5]]);
    assert.deepEqual(phases(20_000, { epochs: 3, learningRate: 0.01, batchSize: 100, fineTuneFrom: null }), [
      100,
      ["head", 3, 0.01, 8],
    ]);
    assert.deepEqual(phases(2000, { fromScratch: true }), [32, ["all layers", 96, 4e-3, 24]]);
    assert.deepEqual(phases(40, { weights: null }), [16, ["all layers", 200, 4e-3, 50]]);
  });

  test("without a held-out part nothing ends early; warm-ups are a fifth of a phase at most", () => {
    const { phases } = transferSchedule(
      { epochs: 2, fromScratch: true },
      { counts: [40, 40], labels: [], validates: false },
    );
    assert.deepEqual(
      phases.map(({ patience, warmupSteps, stepsPerEpoch }) => [patience, warmupSteps, stepsPerEpoch]),
      [[undefined, 2, 5]],
    );
  });

  test("classes are weighed where the largest has half as many again as the smallest, or as was said", () => {
    const labels = [...Array<number>(15).fill(0), ...Array<number>(10).fill(1)];
    const weights = (settings: object, counts: readonly number[]) =>
      transferSchedule(settings, { counts, labels, validates: true }).classWeight;
    assert.deepEqual(weights({}, [15, 10]), { 0: 25 / 30, 1: 25 / 20 });
    assert.equal(weights({}, [14, 10]), undefined);
    assert.equal(weights({ classWeights: "none" }, [15, 10]), undefined);
    assert.deepEqual(weights({ classWeights: "balanced" }, [14, 10]), { 0: 25 / 30, 1: 25 / 20 });
  });

  test("settings that make no sense are refused, by the names that a program has for them", () => {
    const refused = (settings: TransferSettings, message: RegExp): void =>
      assert.throws(() => transferSchedule(settings, { counts: [9, 9], labels: [], validates: true }), {
        code: "ValueError",
        message,
      });
    refused(
      { weights: null, fineTuneFrom: "block_3" },
      /^`fromScratch: true` \(or `weights: null`\) trains all layers: `fineTuneFrom` does not go with it\.$/,
    );
    refused(
      JSON.parse('{"augment":["flip","blur"]}') as TransferSettings,
      /^There is no augmentation "blur"\. There are flip, rotation, zoom, crop, brightness, contrast\.$/,
    );
    refused(
      JSON.parse('{"epoch":3}') as TransferSettings,
      /^Unknown option `epoch` of a transfer\. Did you mean `epochs`\?$/,
    );
  });
});
