/** A model's programs for training. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MakeDifferentiator } from "../../src/graph/differentiator.ts";
import { differentiate } from "../../src/graph/differentiate.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { Model } from "../../src/models/model.ts";
import { TrainingPrograms } from "../../src/training/loop/programs.ts";
import { seededInput } from "../support/seeded.ts";

describe("programs for training", () => {
  it("do not remember a differentiator that could not be made: the next call tries again", async () => {
    let attempts = 0;
    const make: MakeDifferentiator = async (program, options) => {
      if (attempts++ === 0) throw new Error("not now");
      return await Promise.resolve(differentiate(program, options));
    };
    const inputs = Input({ shape: [3] });
    const model = new Model({ inputs, outputs: new Dense({ units: 2, activation: "softmax" }).apply(inputs) });
    const x = [seededInput("x", [4, 3])];
    for (const use of ["differentiator", "predict"] as const) {
      attempts = 0;
      const programs = await TrainingPrograms.create(model, make);
      await assert.rejects(async () => await programs[use](x), /not now/);
      assert.ok(await programs[use](x));
      assert.ok(await programs[use](x));
      assert.equal(attempts, 2);
      programs.dispose();
    }
  });
});
