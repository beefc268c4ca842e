/** The training data that `fit` takes: arrays, or batches that can be iterated over again (keras.src.trainers.data_adapters). */
import { show, valueError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import { TENSOR, TENSORS, Tensor } from "../../core/tensor.ts";
import { argmax } from "../metrics/accuracy.ts";
import { gatherRows, sliceRows } from "./rows.ts";

/** A tensor, or a list of numbers such as labels, one for each sample. */
export type Values = Tensor | ArrayLike<number>;

/** A batch of samples to train on; the first axis of each tensor is the batch axis. */
export interface TrainingBatch {
  /** The inputs: a tensor, or for a model with several inputs a list of them. */
  readonly x: Tensor | readonly Tensor[];
  /** The targets: a tensor or a list of numbers, or for a model with several outputs a list of tensors. */
  readonly y?: Values | readonly Tensor[] | undefined;
  /** One weight for each sample, which its loss is multiplied by. */
  readonly sampleWeight?: Values | undefined;
  /** An identifying number for each sample, the same in every epoch. */
  readonly indices?: Int32Array | undefined;
}

/** A batch as Keras's data sets and generators give it: `[x]`, `[x, y]` or `[x, y, sampleWeight]`. */
export type BatchTuple = readonly [
  x: TrainingBatch["x"],
  y?: TrainingBatch["y"],
  sampleWeight?: TrainingBatch["sampleWeight"],
];

/** A data set to train on: batches that can be iterated over again, such as a `Dataset` or a list of batches. */
export type TrainingDataset = (AsyncIterable<TrainingBatch | BatchTuple> | Iterable<TrainingBatch | BatchTuple>) & {
  /** The number of batches, if known. */
  readonly cardinality?: number | undefined;
  /** The largest possible number of samples, if known. */
  readonly size?: number | undefined;
  /** Whether every epoch has the same samples, unchanged. If so, and `size` is known, the features of a frozen part are computed once. */
  readonly deterministic?: boolean | undefined;
  /** The batches of an epoch, counted from 0, always the same for the same epoch. Without it, each epoch iterates over the data set again. */
  readonly batches?: ((epoch: number) => AsyncIterable<TrainingBatch | BatchTuple>) | undefined;
};

/** A batch with lists of tensors, whatever form it was given in. */
export interface Samples {
  readonly x: readonly Tensor[];
  /** The targets, one for each output; empty if there are none. */
  readonly y: readonly Tensor[];
  readonly sampleWeight: Tensor | undefined;
  readonly indices: Int32Array | undefined;
}

/** A source of batches, which can be passed over several times. */
export interface Source {
  /** The number of batches of a pass, if known. */
  readonly steps: number | undefined;
  /** The largest possible number of samples of a pass, if known. */
  readonly size: number | undefined;
  /** Whether every pass has the same samples, unchanged. */
  readonly deterministic: boolean;
  /** Whether there can be more than one pass. */
  readonly repeats: boolean;
  /** Whether every pass has an order of its own, if known. */
  readonly shuffles: boolean | undefined;
  /** The batches of a pass, counted from 0. */
  pass(index: number): AsyncIterable<Samples> | Iterable<Samples>;
  /** All samples in an order that is always the same. */
  inOrder(): AsyncIterable<Samples> | Iterable<Samples>;
}

/** A batch as lists of tensors. @throws ValueError if it is not a batch, or its tensors differ in their number of samples. */
export function samplesOf(batch: TrainingBatch | BatchTuple): Samples {
  if (!isObject(batch)) {
    throw valueError(`Expected a batch { x, y, sampleWeight } or [x, y, sampleWeight]. Received: ${show(batch)}`);
  }
  const { x, y, sampleWeight, indices } = isTuple(batch) ? named(batch) : batch;
  const inputs = x instanceof Tensor ? [x] : x;
  if (!TENSORS[1](inputs) || inputs.length === 0) {
    throw valueError(`Expected all elements of \`x\` to be tensors. Received: x=${show(x)}`);
  }
  const samples = {
    x: inputs,
    y: y === undefined ? [] : targetsOf(y),
    sampleWeight: sampleWeight === undefined ? undefined : tensorOf(sampleWeight),
    indices,
  };
  checkCardinality(samples);
  return samples;
}

function isTuple(batch: TrainingBatch | BatchTuple): batch is BatchTuple {
  return Array.isArray(batch);
}

/** The batch of a tuple. @throws ValueError, in Keras's words, if it has no or too many elements. */
function named(batch: BatchTuple): TrainingBatch {
  const { length }: ArrayLike<unknown> = batch;
  if (length < 1 || length > 3) {
    throw valueError(
      `Data is expected to be in format \`[x]\`, \`[x, y]\`, or \`[x, y, sampleWeight]\`, found: a list of ${length} elements`,
    );
  }
  const [x, y, sampleWeight] = batch;
  return { x, y, sampleWeight };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function targetsOf(y: Values | readonly Tensor[]): readonly Tensor[] {
  return isTensorList(y) ? y : [tensorOf(y)];
}

function isTensorList(values: Values | readonly Tensor[]): values is readonly Tensor[] {
  return Array.isArray(values) && values.length > 0 && TENSORS[1](values);
}

/** A list of numbers as a tensor of one axis, int32 if all are whole; a tensor is returned as it is. @throws ValueError for anything else. */
export function tensorOf(values: Values): Tensor {
  if (TENSOR[1](values) && values instanceof Tensor) return values;
  if (values instanceof Int32Array || values instanceof Uint8Array || values instanceof Float32Array) {
    return new Tensor([values.length], values);
  }
  const list: unknown = values;
  if (!isNumbers(list)) {
    throw valueError(`Expected a tensor or a list of numbers. Received: ${show(values)}`);
  }
  const whole = Array.prototype.every.call(list, Number.isInteger);
  return new Tensor([list.length], whole ? Int32Array.from(list) : Float32Array.from(list));
}

function isNumbers(values: unknown): values is ArrayLike<number> {
  return (
    (Array.isArray(values) || ArrayBuffer.isView(values)) &&
    Array.prototype.every.call(values, (value) => typeof value === "number")
  );
}

/** The number of samples in a batch. */
export function countOf({ x }: Samples): number {
  return x[0]?.shape[0] ?? 0;
}

function checkCardinality({ x, y, sampleWeight }: Samples): void {
  const given = { x, y, sampleWeight: sampleWeight === undefined ? [] : [sampleWeight] };
  const counts = new Set(Object.values(given).flatMap((tensors) => tensors.map(({ shape }) => shape[0])));
  if (counts.size <= 1) return;
  const sizes = Object.entries(given)
    .filter(([, tensors]) => tensors.length > 0)
    .map(([name, tensors]) => `'${name}' sizes: ${tensors.map(({ shape }) => shape[0]).join(", ")}`);
  throw valueError(
    `Data cardinality is ambiguous. Make sure all arrays contain the same number of samples. ${sizes.join("; ")}`,
  );
}

/** The samples from `from` up to but not including `to`, as views of the same memory. */
export function sliceSamples(samples: Samples, from: number, to: number): Samples {
  return overTensors(samples, (tensor) => sliceRows(tensor, from, to));
}

/** Copies of the samples at `indices`. */
export function gatherSamples(samples: Samples, indices: Uint32Array): Samples {
  return overTensors(samples, (tensor) => gatherRows(tensor, indices));
}

function overTensors({ x, y, sampleWeight }: Samples, make: (tensor: Tensor) => Tensor): Samples {
  return { x: x.map(make), y: y.map(make), sampleWeight: sampleWeight && make(sampleWeight), indices: undefined };
}

/** Checks the option `classWeight`. @throws ValueError if it does not map class indices to finite numbers. */
export function checkClassWeight(classWeight: Readonly<Record<number, number>> | undefined): void {
  for (const [label, weight] of Object.entries(classWeight ?? {})) {
    if (/^\d+$/.test(label) && Number.isFinite(weight)) continue;
    throw valueError(
      `\`classWeight\` should have a number for numbers of classes, as in { 0: 1, 1: 2.5 }. Received: classWeight=${show(classWeight)}`,
    );
  }
}

/** The batch with class weights turned into sample weights. @throws ValueError if there are several outputs, or sample weights already. */
export function weighted(samples: Samples, classWeight: Readonly<Record<number, number>> | undefined): Samples {
  if (classWeight === undefined) return samples;
  const [target, ...others] = samples.y;
  if (target === undefined) return samples;
  if (others.length > 0) throw valueError("`class_weight` is only supported for Models with a single output.");
  if (samples.sampleWeight !== undefined) {
    throw valueError("You cannot `classWeight` and `sampleWeight` at the same time.");
  }
  const count = target.shape[0] ?? 0;
  const classes = target.shape.length > 1 ? sizeOf(target.shape.slice(1)) : 1;
  if (target.shape.length > 2) {
    throw valueError(`\`classWeight\` needs one class for each sample. Received: y.shape=${formatShape(target.shape)}`);
  }
  const weights = Float32Array.from({ length: count }, (_, i) => {
    const from = i * classes;
    const label = classes === 1 ? Math.round(target.data[from] ?? NaN) : argmax(target.data, from, classes);
    return classWeight[label] ?? 1;
  });
  return { ...samples, sampleWeight: new Tensor([count], weights) };
}
