/** The first step of fine-tuning all layers, with the values that lie on a kink of ReLU6 on the sides that they had in Keras. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Tensor } from "../../../src/core/tensor.ts";
import { TrainingEngine } from "../../../src/engine/training/training-engine.ts";
import type { Gradients } from "../../../src/graph/differentiator.ts";
import { programOf } from "../../../src/graph/program.ts";
import type { KerasTensor } from "../../../src/layers/layer.ts";
import { ReLU } from "../../../src/layers/activations/relu.ts";
import { Model } from "../../../src/models/model.ts";
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
  readonly frozen: string;
  readonly labels: readonly number[];
  readonly optimizer: KerasOptimizer;
  readonly losses: readonly number[];
  readonly first_gradient_norms: Readonly<Record<string, number>>;
}

/** By layer: the index of a value before a ReLU6, and 0, 1 or 2 for below 0, between and above 6. */
type Sides = Readonly<Record<string, Watched["near"]>>;

const kinks = JSON.parse(
  readFileSync(new URL("../../fixtures/training/kinks.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Sides>>;

interface Watched {
  /** What a ReLU6 gets: what a BatchNormalization makes. */
  readonly before: KerasTensor;
  readonly near: readonly (readonly [index: number, side: 0 | 1 | 2])[];
}

/** How far a value is moved beyond a kink: more than what float32 is off by, less than what a norm would show. */
const BEYOND = 2e-5;

function sideOf(value: number): number {
  return Number(value > 0) + Number(value >= 6);
}

interface FirstStep {
  readonly norms: ReadonlyMap<string, number>;
  /** The second one. */
  readonly loss: number;
}

/** The first step, with a few betas moved by some 1e-5, so that all values lie where Keras's did. */
async function stepBesideKinks(reference: Reference): Promise<FirstStep> {
  const { seed, labels } = reference;
  const model = await fineTunedModel(reference);
  const weights = model.trainableWeights;
  const sides = Object.entries(kinks[reference.name] ?? {}).map(([name, near]) => {
    const layer = model.getLayer(name);
    assert.ok(layer instanceof ReLU);
    return { before: layer.input, near };
  });
  assert.ok(sides.length > 30, "no sides are known");
  const watched = new Model({
    inputs: model.inputs,
    outputs: [...model.outputs, ...sides.map(({ before }) => before)],
  });
  using engine = await TrainingEngine.create(programOf(watched.graph), { training: true, weights });
  const input = seededInput(seed, [8, 64, 64, 3]);
  let loss = NaN;
  const lossGradient = crossEntropy(labels, (found) => (loss = found));
  const run = async (): Promise<Gradients> => await engine.run([input], lossGradient, { seed: 0 });
  let gradients = await run();
  // A value that is moved moves others.
  for (let rounds = 0; moveBesideKinks(sides, gradients.outputs.slice(1)) > 0; rounds++) {
    assert.ok(rounds < 10, "no end of values on the other side");
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    gradients = await run();
  }
  const names = weightNames(model);
  const norms = new Map(weights.map((weight, i) => [names.get(weight) ?? "", normOf(gradients.weights[i] ?? [])]));
  optimizerOf(reference.optimizer).apply(gradients.weights, weights);
  await run();
  return { norms, loss };
}

/** Moves the betas of channels that have a value on the other side than Keras's; says how many such values there were. */
function moveBesideKinks(sides: readonly Watched[], found: readonly Tensor<Float32Array>[]): number {
  let wrong = 0;
  for (const [i, { before, near }] of sides.entries()) {
    const beta = before.node.layer.weight("beta");
    const moved = beta.values.slice();
    for (const [index, side] of near) {
      const value = found[i]?.data[index] ?? NaN;
      const is = sideOf(value);
      if (is === side) continue;
      wrong++;
      const channel = index % beta.size;
      const kink = Math.max(is, side) === 2 ? 6 : 0;
      moved[channel] = (moved[channel] ?? NaN) + kink - value + (side > is ? BEYOND : -BEYOND);
    }
    beta.assign(moved);
  }
  return wrong;
}

describe(
  "all layers, values on ReLU6's kinks on Keras's sides: each of training.json's first gradient norms within 1e-3, the second loss too",
  { skip: needsShared },
  () => {
    const references = needsShared === false ? sharedJson<readonly Reference[]>("reference/training.json") : [];
    for (const reference of references.filter(({ frozen }) => frozen === "none")) {
      it(reference.name, async () => {
        const { first_gradient_norms: expected, losses } = reference;
        const { norms, loss } = await stepBesideKinks(reference);
        assert.deepEqual(new Set(norms.keys()), new Set(Object.keys(expected)));
        // What is 0 but for rounding has no relative precision.
        const least = 2e-4 * normOf(Object.values(expected));
        for (const [name, norm] of norms) assertNear(norm, expected[name], least, name);
        assertNear(loss, losses[1], 0, "loss 1");
      });
    }
  },
);

function assertNear(actual: number, expected: number | undefined, least: number, what: string): void {
  const scale = Math.max(expected ?? NaN, least);
  assert.ok(Math.abs(actual - (expected ?? NaN)) <= 1e-3 * scale, `${what}: ${actual}, Keras's ${expected}`);
}
