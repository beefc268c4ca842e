/** Steps of fine-tuning MobileNetV2 as Keras takes them: gradient norms, losses, weights after four steps. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Tensor } from "../../../src/core/tensor.ts";
import { TrainingEngine } from "../../../src/engine/training/training-engine.ts";
import { programOf } from "../../../src/graph/program.ts";
import {
  type KerasOptimizer,
  crossEntropy,
  fineTunedModel,
  normOf,
  optimizerOf,
  weightNames,
} from "../../support/fine-tuning.ts";
import { seededInput } from "../../support/seeded.ts";
import { needsShared, sharedJson } from "../../support/shared.ts";

interface Reference {
  readonly name: string;
  readonly seed: string;
  readonly alpha: number;
  readonly size: number;
  readonly classes: number;
  readonly batch: number;
  readonly labels: readonly number[];
  readonly optimizer: KerasOptimizer;
  readonly frozen: string;
  readonly first_gradient_norms: Readonly<Record<string, number>>;
  readonly losses: readonly number[];
  readonly weights_after: Readonly<Record<string, readonly number[]>>;
  readonly evaluate_after: number;
}

function assertRelative(actual: number, expected: number, tolerance: number, what: string, least = 0): void {
  const scale = Math.max(Math.abs(expected), least);
  assert.ok(Math.abs(actual - expected) <= tolerance * scale, `${what}: ${actual}, expected ${expected}`);
}

describe("Keras's training steps", { skip: needsShared }, () => {
  const references = needsShared === false ? sharedJson<readonly Reference[]>("reference/training.json") : [];
  for (const reference of references) {
    // With all layers trained, steps of this size make roundings grow: Keras with oneDNN, without it and with XLA gives losses that
    // are up to 1.6e-2 apart after one step, and 1.4e-1 after three, which says nothing any more.
    const isSteady = reference.frozen !== "none";
    const within = isSteady
      ? "first loss within 1e-4, the others and an evaluation 2e-3; gradient norms and weights 1e-3"
      : "first loss within 1e-4, second 2e-2; gradient norms 1e-3 together and 2e-2 each";
    it(`${reference.name}: ${within}`, async () => {
      const model = await fineTunedModel(reference);
      const tolerances = isSteady ? [1e-4, 2e-3, 2e-3, 2e-3] : [1e-4, 2e-2];
      const weights = model.trainableWeights;
      const names = weightNames(model);
      assert.deepEqual(
        new Set(weights.map((weight) => names.get(weight))),
        new Set(Object.keys(reference.first_gradient_norms)),
      );
      const frozen = model.weights.filter((weight) => weight.trainable && !weights.includes(weight));
      const before = frozen.map(({ values }) => values.slice());
      const program = programOf(model.graph);
      const engine = await TrainingEngine.create(program, { training: true, weights });
      const evaluation = await TrainingEngine.create(program, { training: false, weights: [] });
      const optimizer = optimizerOf(reference.optimizer);
      const input: Tensor = seededInput(reference.seed, [reference.batch, reference.size, reference.size, 3]);
      const losses: number[] = [];
      for (let step = 0; step < reference.losses.length; step++) {
        const { weights: gradients } = await engine.run(
          [input],
          crossEntropy(reference.labels, (loss) => losses.push(loss)),
          { seed: step },
        );
        if (step === 0) {
          // Where a rounding decides whether a value is bounded, its gradient is there or not: kinks.test.ts has them as they were in Keras.
          const norms = weights.map((weight, i) => ({
            name: names.get(weight) ?? "",
            norm: normOf(gradients[i] ?? []),
          }));
          const expected = (name: string): number => reference.first_gradient_norms[name] ?? NaN;
          const total = normOf(norms.map(({ name }) => expected(name)));
          assertRelative(normOf(norms.map(({ norm }) => norm)), total, 1e-3, "all gradients");
          // What is 0 but for rounding has no relative precision.
          for (const { name, norm } of norms)
            assertRelative(norm, expected(name), isSteady ? 1e-3 : 2e-2, name, total * 1e-4);
        }
        optimizer.apply(gradients, weights);
      }
      for (const [step, tolerance] of tolerances.entries()) {
        assertRelative(losses[step] ?? NaN, reference.losses[step] ?? NaN, tolerance, `loss ${step}`);
      }
      for (const [i, { values }] of frozen.entries()) assert.deepEqual(values, before[i]);
      if (isSteady) {
        for (const [name, values] of Object.entries(reference.weights_after)) {
          const found = model.weight(name).values;
          const scale = Math.max(...values.map(Math.abs));
          for (const [i, value] of values.entries()) {
            assertRelative(found[i] ?? NaN, value, 1e-3, `${name}[${i}]`, scale);
          }
        }
        await evaluation.run(
          [input],
          crossEntropy(reference.labels, (loss) => losses.push(loss)),
          { seed: 0 },
        );
        assertRelative(losses.at(-1) ?? NaN, reference.evaluate_after, 2e-3, "evaluation");
      }
      engine.dispose();
      evaluation.dispose();
    });
  }
});
