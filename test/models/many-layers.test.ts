/** Models of thousands of layers: describing one to save it, and making one of what a file describes, are work in proportion to their number. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Add } from "../../src/layers/merging/add.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { describeModel } from "../../src/models/files/describe-model.ts";
import { modelFromDescription } from "../../src/models/files/model-from-description.ts";
import { Model } from "../../src/models/model.ts";
import { work } from "../support/work.ts";

/** Half of the layers in a row, and half of them additions of a row's end to its beginning. */
function deep(layers: number): Model {
  const inputs = Input({ shape: [4] });
  let x = inputs;
  for (let i = 0; i < layers; i += 2) x = new Add().apply([new ReLU().apply(x), x]);
  return new Model({ inputs, outputs: x });
}

/** The least work of two times. */
function least(run: () => unknown): number {
  const times = Array.from({ length: 2 }, () => {
    const start = work();
    run();
    return work() - start;
  });
  return Math.min(...times);
}

test("four times as many layers are at most eight times as much work to describe, to make again, and to summarize", () => {
  const models = [deep(1000), deep(4000)];
  const descriptions = models.map((model) => describeModel(model));
  for (const [what, run] of [
    ["described", (k: number) => models[k] && describeModel(models[k])],
    ["made", (k: number) => descriptions[k] && modelFromDescription(descriptions[k], new Map())],
    ["summarized", (k: number) => models[k]?.summary({ printFn: () => {} })],
  ] as const) {
    const [few, many] = [least(() => run(0)), least(() => run(1))];
    // What takes next to no time is not measured well.
    assert.ok(many < 8 * Math.max(few, 0.25), `${what}: ${few} and ${many} yardsticks`);
  }
});
