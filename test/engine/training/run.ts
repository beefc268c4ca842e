/** Runs programs forwards and backwards on the training engine and by the layers' own gradients. */
import { sizeOf } from "../../../src/core/shape.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { TrainingEngine, type TrainingEngineOptions } from "../../../src/engine/training/training-engine.ts";
import { differentiate } from "../../../src/graph/differentiate.ts";
import type {
  DifferentiationOptions,
  Differentiator,
  Gradients,
  LossGradient,
} from "../../../src/graph/differentiator.ts";
import type { Program } from "../../../src/graph/program.ts";
import type { Weight } from "../../../src/layers/weight.ts";
import { uniform } from "../../../src/core/random.ts";
import { maxDifference, maxMagnitude } from "../../support/compare.ts";

export const SEED = 7;

/** Seeded numbers as the gradient of every output: of the logits where there are some. */
export const seededGradient: LossGradient = ({ outputs, logits }) =>
  outputs.map(({ shape }, i) => ({
    of: logits[i] === undefined ? "output" : "logits",
    values: uniform(`gradient/${i}`, sizeOf(shape), -1, 1),
  }));

/** All weights that a program's layers have and an optimizer would move. */
export function trainableOf({ steps }: Program): Weight[] {
  return [...new Set(steps.flatMap(({ layer }) => layer.trainableWeights))];
}

function allOf({ steps }: Program): Weight[] {
  return [...new Set(steps.flatMap(({ layer }) => layer.weights))];
}

/** A run, and what it has assigned to the weights, which are put back. */
export async function runOnce(
  program: Program,
  differentiator: Differentiator,
  inputs: readonly Tensor[],
  loss = seededGradient,
): Promise<{ result: Gradients; after: readonly Float32Array[] }> {
  const weights = allOf(program);
  const before = weights.map(({ values }) => values.slice());
  const result = await differentiator.run(inputs, loss, { seed: SEED });
  const after = weights.map(({ values }) => values.slice());
  for (const [i, weight] of weights.entries()) weight.assign(before[i] ?? weight.values);
  return { result, after };
}

/** The largest difference between engine and oracle, each relative to the largest magnitude of what is compared (at least `floor`). */
export async function trainingDifference(
  program: Program,
  inputs: readonly Tensor<Float32Array>[],
  options: Partial<TrainingEngineOptions> = {},
  floor = 0.1,
): Promise<number> {
  const common: DifferentiationOptions = { training: true, weights: trainableOf(program), ...options };
  const expected = await runOnce(program, differentiate(program, common), inputs);
  const engine = await TrainingEngine.create(program, { ...common, ...options });
  try {
    const actual = await runOnce(program, engine, inputs);
    const pairs: (readonly [string, ArrayLike<number>, ArrayLike<number>])[] = [];
    const tensors = (what: string, a: readonly (Tensor | undefined)[], b: readonly (Tensor | undefined)[]): void => {
      for (const [i, { shape, data } = new Tensor([0], new Float32Array())] of b.entries()) {
        const found = a[i] ?? new Tensor([0], new Float32Array());
        if (found.shape.join() !== shape.join())
          throw new Error(`${what} ${i}: ${found.shape.join()}, not ${shape.join()}`);
        pairs.push([`${what} ${i}`, found.data, data]);
      }
    };
    tensors("output", actual.result.outputs, expected.result.outputs);
    tensors("logits", actual.result.logits, expected.result.logits);
    tensors("gradient of output", actual.result.outputGradients, expected.result.outputGradients);
    for (const [i, weight] of common.weights.entries()) {
      pairs.push([
        `gradient of weight ${i} (${weight.name})`,
        actual.result.weights[i] ?? [],
        expected.result.weights[i] ?? [],
      ]);
    }
    for (const [i, values] of expected.after.entries())
      pairs.push([`weight ${i} after`, actual.after[i] ?? [], values]);
    let largest = 0;
    for (const [what, a, b] of pairs) {
      const difference = maxDifference(a, b) / Math.max(floor, maxMagnitude(b));
      if (process.env["VERBOSE"] !== undefined) console.log(what, difference, maxMagnitude(b));
      if (!(difference <= largest)) largest = difference;
    }
    return largest;
  } finally {
    engine.dispose();
  }
}
