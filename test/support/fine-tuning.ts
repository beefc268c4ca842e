/** Fine-tuning as the reference folder's training.json sets it up: MobileNetV2 with a head, seeded, partly frozen. */
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import type { LossGradient } from "../../src/graph/differentiator.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import type { Weight } from "../../src/layers/weight.ts";
import { Model } from "../../src/models/model.ts";
import { Adam } from "../../src/training/optimizers/adam.ts";
import type { Optimizer } from "../../src/training/optimizers/optimizer.ts";
import { RMSprop } from "../../src/training/optimizers/rmsprop.ts";
import { SGD } from "../../src/training/optimizers/sgd.ts";
import { seedWeights } from "./seeded.ts";

export interface FineTuning {
  readonly seed: string;
  /** `none`, `base`, or all before block_14 and every BatchNormalization. */
  readonly frozen: string;
  readonly alpha?: number;
  readonly size?: number;
  readonly classes?: number;
  readonly threads?: number;
}

/** The package's classes that a set-up is made of; by default those of these sources. */
const SOURCES = { MobileNetV2, Dense, Model, BatchNormalization, SGD, Adam, RMSprop };
export type Classes = typeof SOURCES;

export async function fineTunedModel(
  { seed, frozen, alpha = 0.35, size = 64, classes = 5, threads }: FineTuning,
  from: Classes = SOURCES,
): Promise<Model> {
  const options = { alpha, inputShape: [size, size, 3], includeTop: false, weights: null, pooling: "avg" } as const;
  const base = await from.MobileNetV2(options);
  const outputs = new from.Dense({ units: classes, activation: "softmax", name: "head" }).apply(base.output);
  const model = new from.Model({ inputs: base.inputs, outputs, threads });
  seedWeights(model, seed);
  if (frozen === "base") base.trainable = false;
  else if (frozen !== "none") {
    const first = model.layers.findIndex(({ name }) => name === "block_14_expand");
    for (const [i, layer] of model.layers.entries()) {
      if (i < first || layer instanceof from.BatchNormalization) layer.trainable = false;
    }
  }
  return model;
}

/** An optimizer as Keras describes it. */
export interface KerasOptimizer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, number>>;
}

export function optimizerOf({ class_name: name, config }: KerasOptimizer, from: Classes = SOURCES): Optimizer {
  const { learning_rate: learningRate, momentum } = config;
  if (name === "SGD") return new from.SGD({ learningRate, momentum });
  return name === "Adam" ? new from.Adam({ learningRate }) : new from.RMSprop({ learningRate });
}

/** The weights of a model as Keras names them: `layer/weight`. */
export function weightNames(model: Model): ReadonlyMap<Weight, string> {
  return new Map(
    model.layers.flatMap((layer) => layer.weights.map((weight) => [weight, `${layer.name}/${weight.name}`] as const)),
  );
}

export function normOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? NaN) ** 2;
  return Math.sqrt(sum);
}

/** The mean cross-entropy of these labels; `onLoss` gets it. */
export function crossEntropy(labels: readonly number[], onLoss: (loss: number) => void): LossGradient {
  return ({ outputs: [output] }) => {
    const [batch = 0, classes = 0] = output?.shape ?? [];
    const values = Float32Array.from(output?.data ?? []);
    let loss = 0;
    for (const [i, label] of labels.entries()) {
      const at = i * classes + label;
      loss -= Math.log(values[at] ?? NaN) / batch;
      values[at] = (values[at] ?? NaN) - 1;
    }
    onLoss(loss);
    return [{ of: "logits", values: values.map((value) => value / batch) }];
  };
}
