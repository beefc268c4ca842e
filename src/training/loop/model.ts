/** What training asks of a model. */
import type { Tensor } from "../../core/tensor.ts";
import type { Network } from "../../graph/network.ts";
import type { Metric } from "../metrics/metric.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { TrainingDataset, Values } from "../data/samples.ts";

/** What was logged: for each name its values, one for each of the epochs. */
export interface TrainingHistory {
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly epoch: readonly number[];
}

export interface TrainedModel extends Network {
  readonly threads: number;
  /** Undefined before `compile`, and where a name was given to it until the first use. */
  readonly optimizer: Optimizer | undefined;
  /** The mean loss and the metrics of `compile`, once a batch was seen. */
  readonly metrics: readonly Metric[];
  /** Set it in a callback to end `fit` after the batch, or the epoch. */
  stopTraining: boolean;
  /** What the last `fit` logged. */
  history: TrainingHistory | undefined;
  /** Loss and metrics of other data. Callbacks may wait for it in their turns: the metrics of the epoch stay what they are. */
  evaluate(
    x: Tensor | readonly Tensor[] | TrainingDataset,
    y?: Values | readonly Tensor[],
    options?: { readonly batchSize?: number; readonly steps?: number; readonly sampleWeight?: Values },
  ): Promise<Readonly<Record<string, number>>>;
  save(target: string | URL): Promise<void>;
  saveWeights(target: string | URL): Promise<void>;
}

/** The values of all weights, copied. */
export function copyWeights(model: Network): readonly Float32Array[] {
  return model.weights.map(({ values }) => Float32Array.from(values));
}

/** Gives all weights such values; they are copied again. */
export function assignWeights(model: Network, values: readonly Float32Array[]): void {
  for (const [i, weight] of model.weights.entries()) {
    const value = values[i];
    if (value !== undefined) weight.assign(Float32Array.from(value));
  }
}
