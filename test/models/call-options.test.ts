/** Layers applied with `training: false`: what becomes of it in programs, in files, and in training. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TrainingEngine } from "../../src/engine/training/training-engine.ts";
import { differentiate } from "../../src/graph/differentiate.ts";
import { Network } from "../../src/graph/network.ts";
import { programOf } from "../../src/graph/program.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { Model } from "../../src/models/model.ts";
import { seededInput } from "../support/seeded.ts";

/** Normalization and Dropout within, as a layer of a model; the normalization behind it is applied plainly. */
function nested(): Model {
  const within = Input({ shape: [4] });
  let x = new BatchNormalization({ name: "within" }).apply(within);
  x = new Dropout({ rate: 0.5, name: "drop" }).apply(x);
  const base = new Model({ inputs: within, outputs: x, name: "base" });
  const inputs = Input({ shape: [4] });
  x = base.apply(inputs, { training: false });
  x = new BatchNormalization({ name: "behind" }).apply(x);
  return new Model({ inputs, outputs: new Dense({ units: 2, name: "head" }).apply(x) });
}

function flags(model: Network): Record<string, boolean | undefined> {
  return Object.fromEntries(programOf(model.graph).steps.map(({ layer, training }) => [layer.name, training]));
}

describe("layers applied with training: false", () => {
  const expected = { within: false, drop: false, behind: undefined, head: undefined };

  it("pass it on to what they consist of", () => assert.deepEqual(flags(nested()), expected));

  for (const format of ["keras", "h5", "tfjs-layers", "safetensors"]) {
    it(`keep it in a file: ${format}`, async () => {
      const files = await nested().toFiles(format);
      const again = await loadModel(files.map(({ name, bytes }) => new File([Uint8Array.from(bytes)], name)));
      assert.deepEqual(flags(again), expected);
    });
  }

  it("cannot be applied with training: true", () => {
    assert.throws(
      () => new Dropout({ rate: 0.5 }).apply(Input({ shape: [4] }), { training: true }),
      /cannot be applied with training: true/,
    );
  });

  for (const [name, make] of [
    ["the layers' own gradients", differentiate],
    ["the engine", TrainingEngine.create],
  ] as const) {
    it(`behave as in inference while the rest is trained: ${name}`, async () => {
      const model = nested();
      const { trainableWeights: weights } = model;
      const made = await make(programOf(model.graph), { training: true, weights });
      const run = await made.run(
        [seededInput("calls", [6, 4])],
        () => [{ of: "output", values: new Float32Array(12).fill(1) }],
        { seed: 1 },
      );
      made.dispose();
      const base = model.getLayer("base");
      assert.ok(base instanceof Network);
      assert.deepEqual([...base.weight("within/moving_mean").values], [0, 0, 0, 0]);
      assert.notDeepEqual([...model.weight("behind/moving_mean").values], [0, 0, 0, 0]);
      assert.equal(run.weights.length, weights.length);
    });
  }
});
