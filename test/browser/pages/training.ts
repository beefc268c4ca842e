/** In a page, or in Node: a training step on the engine. */
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { TrainingEngine } from "../../../src/engine/training/training-engine.ts";
import { programOf } from "../../../src/graph/program.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";

export interface TrainingArguments {
  /** An engine for each. */
  readonly threads: readonly number[];
  readonly rows: number;
  readonly batch: number;
}

export interface TrainingAnswer {
  readonly isolated: boolean;
  /** For each engine: for each weight the sum of its gradient and of its squares. */
  readonly sums: readonly (readonly number[])[];
}

const STEPS = 3;

export async function run({ threads, rows, batch }: TrainingArguments): Promise<TrainingAnswer> {
  const input = seededInput("training", [batch, rows, rows, 3]);
  const sums: number[][] = [];
  for (const count of threads) {
    using model = await MobileNetV2({
      alpha: 0.35,
      inputShape: [rows, rows, 3],
      classes: 10,
      weights: null,
    });
    seedWeights(model, "training");
    const weights = model.trainableWeights;
    using engine = await TrainingEngine.create(programOf(model.graph), { training: true, weights, threads: count });
    for (let step = 0; step < STEPS; step++) {
      // The threads come with the second step.
      const { weights: gradients } = await engine.run(
        [input],
        ({ outputs: [output] }) => [
          { of: "logits", values: Float32Array.from(output?.data ?? [], (y, i) => y - (i % 10 === 0 ? 1 : 0)) },
        ],
        { seed: step },
      );
      sums.push(
        gradients.flatMap((values) => [
          values.reduce((sum, value) => sum + value, 0),
          values.reduce((sum, value) => sum + value * value, 0),
        ]),
      );
    }
  }
  return { isolated: globalThis.crossOriginIsolated, sums };
}
