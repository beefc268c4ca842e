/** The interface that a model has for training (keras.Model). */
import type { Tensor } from "../../core/tensor.ts";
import type { Network } from "../../graph/network.ts";
import type { Metric } from "../metrics/metric.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { TrainingDataset, Values } from "../data/samples.ts";

/** The record of a training. */
export interface TrainingHistory {
  /** The loss and the metrics by name, with one value for each epoch that has it. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epochs that were trained, counted from 0. */
  readonly epoch: readonly number[];
}

/** A model that can be trained, as callbacks see it. */
export interface TrainedModel extends Network {
  /** The number of threads that the model computes with. */
  readonly threads: number;
  /** The optimizer; undefined before `compile`, and before the first use if `compile` was given a name. */
  readonly optimizer: Optimizer | undefined;
  /** The mean loss and, after the first batch, the metrics of `compile`. */
  readonly metrics: readonly Metric[];
  /** Whether `fit` stops after the current batch or epoch; a callback sets it to true. */
  stopTraining: boolean;
  /** The record of the last `fit`. */
  history: TrainingHistory | undefined;
  /** Computes the loss and the metrics of other data. Callbacks may call it and wait for it; the metrics of the epoch are not affected. */
  evaluate(
    x: Tensor | readonly Tensor[] | TrainingDataset,
    y?: Values | readonly Tensor[],
    options?: { readonly batchSize?: number; readonly steps?: number; readonly sampleWeight?: Values },
  ): Promise<Readonly<Record<string, number>>>;
  /** Saves the whole model to a file. */
  save(target: string | URL): Promise<void>;
  /** Saves the weights to a file. */
  saveWeights(target: string | URL): Promise<void>;
}

/** Copies of the values of all weights. */
export function copyWeights(model: Network): readonly Float32Array[] {
  return model.weights.map(({ values }) => Float32Array.from(values));
}

/** Assigns copies of these values to the weights, in their order. */
export function assignWeights(model: Network, values: readonly Float32Array[]): void {
  for (const [i, weight] of model.weights.entries()) {
    const value = values[i];
    if (value !== undefined) weight.assign(Float32Array.from(value));
  }
}
