/** What `fit` and `evaluate` take (keras.Model.fit, keras.Model.evaluate). */
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

/** What a model is trained for, and how. */
export interface CompileOptions extends ObjectiveOptions {
  /** Default: `rmsprop`, as in Keras. */
  readonly optimizer?: OptimizerIdentifier | undefined;
}

/** Inputs: a tensor, or one for each input. */
export type Inputs = Tensor | readonly Tensor[];
/** Targets: a tensor or a list of numbers, or a tensor for each output. */
export type Targets = Values | readonly Tensor[];

export interface EvaluateOptions {
  /** Of arrays. Default: 32. */
  readonly batchSize?: number | undefined;
  readonly sampleWeight?: Values | undefined;
  /** Only so many batches. */
  readonly steps?: number | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
  /** Default: `auto`, a progress bar on a terminal. */
  readonly verbose?: Verbose | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Arrays `[x, y]` or `[x, y, sampleWeight]`, or a data set. */
export type ValidationData = readonly [Inputs, Targets, Values?] | TrainingDataset;

export interface FitOptions {
  /** The epoch to stop before, counted from 0: as many as there are, unless `initialEpoch` says otherwise. Default: 1. */
  readonly epochs?: number | undefined;
  /** Of arrays. Default: 32. */
  readonly batchSize?: number | undefined;
  /** Default: `auto`, a progress bar on a terminal. */
  readonly verbose?: Verbose | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
  /** The part of arrays, from their end, to validate with. Default: 0. */
  readonly validationSplit?: number | undefined;
  /** What to evaluate after each epoch. */
  readonly validationData?: ValidationData | undefined;
  /** Only so many batches of it. */
  readonly validationSteps?: number | undefined;
  /** Default: `batchSize`. */
  readonly validationBatchSize?: number | undefined;
  /** Evaluate after so many epochs only, or after these (counted from 1). Default: 1. */
  readonly validationFreq?: number | readonly number[] | undefined;
  /** Whether arrays come in another order every epoch. Default: true. */
  readonly shuffle?: boolean | undefined;
  /** How much a sample of each class counts. Default: 1. */
  readonly classWeight?: Readonly<Record<number, number>> | undefined;
  /** How much each sample of arrays counts. */
  readonly sampleWeight?: Values | undefined;
  /** The epoch to begin with, where a training goes on. Default: 0. */
  readonly initialEpoch?: number | undefined;
  /** Batches in an epoch; the next epoch goes on where one stopped. Default: all of them. */
  readonly stepsPerEpoch?: number | undefined;
  /** What orders and Dropout come from: the same seed, the same weights in the end. Default: another one each time. */
  readonly seed?: number | undefined;
  /** Ends the training with its reason, between two steps. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The most bytes to keep in memory of what the frozen part of the model makes of the samples, which is computed once where they are the same
   * in every epoch; what is more is kept in a temporary file, where there are files. 0 computes it anew in every epoch. Default: 1 GiB.
   */
  readonly featureCache?: number | undefined;
}

export interface TestOnBatchOptions {
  readonly sampleWeight?: Values | undefined;
}

export interface TrainOnBatchOptions extends TestOnBatchOptions {
  readonly classWeight?: Readonly<Record<number, number>> | undefined;
}

interface ArraysAs {
  readonly batchSize?: number | undefined;
  readonly sampleWeight?: Values | undefined;
  readonly shuffle: boolean;
  readonly seed: () => number;
}

/** A source of arrays, or of a data set. @throws ValueError for what is neither, or both. */
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

export function isInputs(x: unknown): x is Inputs {
  return x instanceof Tensor || (Array.isArray(x) && x.length > 0 && x.every((one) => one instanceof Tensor));
}

export function arraysOf(x: Inputs, y: Targets | undefined, sampleWeight: Values | undefined): Samples {
  return samplesOf({ x, y, sampleWeight: sampleWeight === undefined ? undefined : tensorOf(sampleWeight) });
}

export function validationSource(data: ValidationData, batchSize: number | undefined): Source {
  const plain = { batchSize, shuffle: false, seed: () => 0 };
  if (!isArrays(data)) return sourceOf(data, undefined, plain);
  const [x, y, sampleWeight] = data;
  return sourceOf(x, y, { ...plain, sampleWeight });
}

function isArrays(data: ValidationData): data is readonly [Inputs, Targets, Values?] {
  return Array.isArray(data) && isInputs(data[0]);
}

/** The first and the last part of arrays (keras.src.trainers.data_adapters.array_slicing). */
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
