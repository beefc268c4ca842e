/** The arguments of `compile`, `fit` and `evaluate` (keras.Model). */
import { show, valueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import type { Callback } from "../callbacks/callback.ts";
import type { ObjectiveOptions } from "./objectives.ts";
import type { OptimizerIdentifier } from "../optimizers/optimizers.ts";
import type { Verbose } from "./progress-bar.ts";
import {
  type Samples,
  type Source,
  type TrainingDataset,
  type Values,
  countOf,
  samplesOf,
  sliceSamples,
  tensorOf,
} from "../data/samples.ts";
import { arraySource, datasetSource, isDataset } from "../data/sources.ts";

/** The options of `compile`: the optimizer, the loss and the metrics. */
export interface CompileOptions extends ObjectiveOptions {
  /** The optimizer, or its name. Default: `rmsprop`, as in Keras. */
  readonly optimizer?: OptimizerIdentifier | undefined;
}

/** The inputs of a model: a tensor [samples, …], or a list with one for each input. */
export type Inputs = Tensor | readonly Tensor[];
/** The targets of a model: a tensor or a list of numbers, one for each sample, or a list with a tensor for each output. */
export type Targets = Values | readonly Tensor[];

/** The options of `evaluate`. */
export interface EvaluateOptions {
  /** The number of samples in a batch when `x` is tensors; a data set comes in batches already. Default: 32. */
  readonly batchSize?: number | undefined;
  /** One weight for each sample when `x` is tensors; in a data set, weights are part of the batches. Default: 1 for each. */
  readonly sampleWeight?: Values | undefined;
  /** The number of batches to evaluate. Default: all of them. */
  readonly steps?: number | undefined;
  /** Callbacks, of which the hooks `onTest…` are called. */
  readonly callbacks?: readonly Callback[] | undefined;
  /** How to show the progress. Default: `auto`, a progress bar on a terminal, nothing elsewhere. */
  readonly verbose?: Verbose | undefined;
  /** A signal that, once aborted, ends the evaluation between two batches with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Validation data: `[x, y]` or `[x, y, sampleWeight]`, or a data set. */
export type ValidationData = readonly [Inputs, Targets, Values?] | TrainingDataset;

/** The options of `fit`. */
export interface FitOptions {
  /** The epoch to train up to: with `initialEpoch` 0, the number of epochs. Default: 1. */
  readonly epochs?: number | undefined;
  /** The number of samples in a batch when `x` is tensors; a data set comes in batches already. Default: 32. */
  readonly batchSize?: number | undefined;
  /** How to show the progress. Default: `auto`, a progress bar on a terminal, nothing elsewhere. */
  readonly verbose?: Verbose | undefined;
  /** Callbacks, called in their order; those that back up the training are called last. */
  readonly callbacks?: readonly Callback[] | undefined;
  /** The fraction of the samples, taken from the end of `x` and `y`, to validate with, when `x` is tensors. Default: 0. */
  readonly validationSplit?: number | undefined;
  /** The data to evaluate after each epoch; it overrides `validationSplit`. Default: none. */
  readonly validationData?: ValidationData | undefined;
  /** The number of batches of each validation. Default: all of them. */
  readonly validationSteps?: number | undefined;
  /** The number of samples in a batch of the validation data. Default: `batchSize`. */
  readonly validationBatchSize?: number | undefined;
  /** The number of epochs from one validation to the next, or a list of the epochs, counted from 1, to validate after. Default: 1. */
  readonly validationFreq?: number | readonly number[] | undefined;
  /** Whether to shuffle the samples before each epoch when `x` is tensors. Default: true. */
  readonly shuffle?: boolean | undefined;
  /** The weight of the samples of each class, by the class index, for a model with one output. Default: 1 for each class. */
  readonly classWeight?: Readonly<Record<number, number>> | undefined;
  /** One weight for each sample when `x` is tensors; in a data set, weights are part of the batches. Default: 1 for each. */
  readonly sampleWeight?: Values | undefined;
  /** The epoch to start at, counted from 0, to continue an earlier training. Default: 0. */
  readonly initialEpoch?: number | undefined;
  /** The number of batches in an epoch; the next epoch continues where one ended. Default: all batches of the data. */
  readonly stepsPerEpoch?: number | undefined;
  /** The seed of shuffling and Dropout: the same seed gives the same weights in the end. Default: a random one. */
  readonly seed?: number | undefined;
  /** A signal that, once aborted, ends the training between two steps with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The largest number of bytes in memory for the features that the frozen part of the model computes. If the samples are the same in every
   * epoch, features are computed once and cached; those that take more are in a temporary file, if the platform has files. 0 turns the cache
   * off. Default: 1 GiB.
   */
  readonly featureCache?: number | undefined;
}

/** The options of `testOnBatch`. */
export interface TestOnBatchOptions {
  /** One weight for each sample. Default: 1 for each. */
  readonly sampleWeight?: Values | undefined;
}

/** The options of `trainOnBatch`. */
export interface TrainOnBatchOptions extends TestOnBatchOptions {
  /** The weight of the samples of each class, by the class index; not together with `sampleWeight`. Default: 1 for each class. */
  readonly classWeight?: Readonly<Record<number, number>> | undefined;
}

interface ArraysAs {
  readonly batchSize?: number | undefined;
  readonly sampleWeight?: Values | undefined;
  readonly shuffle: boolean;
  readonly seed: () => number;
}

/** The source of tensors or of a data set. @throws ValueError if `x` is neither, or if a data set comes with `y` or `sampleWeight`. */
export function sourceOf(x: Inputs | TrainingDataset, y: Targets | undefined, options: ArraysAs): Source {
  if (isInputs(x)) return arraySource(arraysOf(x, y, options.sampleWeight), { batchSize: 32, ...given(options) });
  if (!isDataset(x)) {
    throw valueError(
      `Unrecognized data type: x=${show(x)} (of type ${typeof x}). Expected a tensor, as of new Tensor([samples, …], values), or a data set: ` +
        "batches { x, y }.",
    );
  }
  if (y !== undefined) throw unsupportedBeside("y", "the targets");
  if (options.sampleWeight !== undefined) throw unsupportedBeside("sampleWeight", "the sample weights");
  return datasetSource(x);
}

function given({ batchSize, shuffle, seed }: ArraysAs) {
  return { shuffle, seed, ...(batchSize === undefined ? {} : { batchSize }) };
}

function unsupportedBeside(argument: string, description: string): Error {
  return valueError(
    `When providing \`x\` as a dataset, \`${argument}\` should not be passed. Instead, ${description} should be included as part of the dataset.`,
  );
}

/** Whether a value is a tensor or a list of tensors. */
export function isInputs(x: unknown): x is Inputs {
  return x instanceof Tensor || (Array.isArray(x) && x.length > 0 && x.every((one) => one instanceof Tensor));
}

/** Inputs, targets and sample weights as one batch. @throws ValueError if they differ in their number of samples. */
export function arraysOf(x: Inputs, y: Targets | undefined, sampleWeight: Values | undefined): Samples {
  return samplesOf({ x, y, sampleWeight: sampleWeight === undefined ? undefined : tensorOf(sampleWeight) });
}

/** The source of validation data, in its own order. */
export function validationSource(data: ValidationData, batchSize: number | undefined): Source {
  const plain = { batchSize, shuffle: false, seed: () => 0 };
  if (!isArrays(data)) return sourceOf(data, undefined, plain);
  const [x, y, sampleWeight] = data;
  return sourceOf(x, y, { ...plain, sampleWeight });
}

function isArrays(data: ValidationData): data is readonly [Inputs, Targets, Values?] {
  return Array.isArray(data) && isInputs(data[0]);
}

/** The training and the validation part of samples (keras.src.trainers.data_adapters.array_slicing). @throws ValueError if either is empty. */
export function splitArrays(samples: Samples, validationSplit: number): readonly [Samples, Samples] {
  const count = countOf(samples);
  const at = Math.floor(count * (1 - validationSplit));
  if (!(at > 0 && at < count)) {
    throw valueError(
      `Training data contains ${count} samples, which is not sufficient to split it into a validation and training set as ` +
        `specified by \`validationSplit=${validationSplit}\`. Either provide more data, or a different value for the \`validationSplit\` argument.`,
    );
  }
  return [sliceSamples(samples, 0, at), sliceSamples(samples, at, count)];
}
