/** What a model learns from, in the forms that `fit` takes it: arrays, or batches that can be gone through again. */
import { show, valueError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { argmax } from "../metrics/accuracy.ts";
import { emptyLike, sliceRows } from "./rows.ts";

/** Numbers: a tensor, or a list of them, such as labels. */
export type Values = Tensor | ArrayLike<number>;

/** Samples at once; the first axis of each tensor counts them. */
export interface TrainingBatch {
  /** For a model with several inputs, a list. */
  readonly x: Tensor | readonly Tensor[];
  /** For a model with several outputs, a list. */
  readonly y?: Values | readonly Tensor[] | undefined;
  /** How much each sample counts. */
  readonly sampleWeight?: Values | undefined;
  /** Which samples these are: the same number is the same sample in every epoch. */
  readonly indices?: Int32Array | undefined;
}

/** Batches that can be gone through again, such as a `Dataset` or a list. */
export type TrainingDataset = (AsyncIterable<TrainingBatch> | Iterable<TrainingBatch>) & {
  /** How many batches there are. */
  readonly cardinality?: number | undefined;
  /** How many samples there are at most. */
  readonly size?: number | undefined;
  /** True where the same samples come in every epoch, unchanged: with `size`, what a frozen part makes of them is computed once. */
  readonly deterministic?: boolean | undefined;
  /** The batches of an epoch, from 0: the same number, the same batches in the same order. Without it, the iterator begins anew. */
  readonly batches?: ((epoch: number) => AsyncIterable<TrainingBatch>) | undefined;
};

/** A batch in one form. */
export interface Samples {
  readonly x: readonly Tensor[];
  /** One for each output; empty where there are no targets. */
  readonly y: readonly Tensor[];
  readonly sampleWeight: Tensor | undefined;
  readonly indices: Int32Array | undefined;
}

/** Where batches come from, pass after pass. */
export interface Source {
  /** The batches of a pass, and its samples, where they are known. */
  readonly steps: number | undefined;
  readonly size: number | undefined;
  /** Whether every pass has the same samples, unchanged. */
  readonly deterministic: boolean;
  /** False where there is but one pass. */
  readonly repeats: boolean;
  /** Whether passes have orders of their own, where that is known. */
  readonly shuffles: boolean | undefined;
  pass(index: number): AsyncIterable<Samples> | Iterable<Samples>;
  /** All samples in an order that is always the same. */
  plain(): AsyncIterable<Samples> | Iterable<Samples>;
}

export function samplesOf(batch: TrainingBatch): Samples {
  if (!isObject(batch)) throw valueError(`Expected a batch { x, y, sampleWeight }. Received: ${show(batch)}`);
  const { x, y, sampleWeight, indices } = batch;
  const inputs = x instanceof Tensor ? [x] : x;
  if (!Array.isArray(inputs) || inputs.length === 0 || !inputs.every((one) => one instanceof Tensor)) {
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

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function targetsOf(y: Values | readonly Tensor[]): readonly Tensor[] {
  return isTensorList(y) ? y : [tensorOf(y)];
}

function isTensorList(values: Values | readonly Tensor[]): values is readonly Tensor[] {
  return Array.isArray(values) && values.length > 0 && values.every((value: unknown) => value instanceof Tensor);
}

/** Numbers as a tensor of one axis: whole ones as int32. */
export function tensorOf(values: Values): Tensor {
  if (values instanceof Tensor) return values;
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

/** How many samples a batch has. */
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

/** The samples from `from`, before `to`; views of the same memory. */
export function sliceSamples(samples: Samples, from: number, to: number): Samples {
  return overTensors(samples, (tensor) => sliceRows(tensor, from, to));
}

/** The samples at these places, copied. */
export function gatherSamples(samples: Samples, places: Uint32Array): Samples {
  return overTensors(samples, (tensor) => {
    const [, ...rest] = tensor.shape;
    const size = sizeOf(rest);
    const data = emptyLike(tensor.data, places.length * size);
    for (const [i, place] of places.entries())
      data.set(tensor.data.subarray(place * size, (place + 1) * size), i * size);
    return new Tensor([places.length, ...rest], data);
  });
}

function overTensors({ x, y, sampleWeight }: Samples, make: (tensor: Tensor) => Tensor): Samples {
  return { x: x.map(make), y: y.map(make), sampleWeight: sampleWeight && make(sampleWeight), indices: undefined };
}

/** @throws ValueError for what are no weights of classes. */
export function checkClassWeight(classWeight: Readonly<Record<number, number>> | undefined): void {
  for (const [label, weight] of Object.entries(classWeight ?? {})) {
    if (/^\d+$/.test(label) && Number.isFinite(weight)) continue;
    throw valueError(
      `\`classWeight\` should have a number for numbers of classes, as in { 0: 1, 1: 2.5 }. Received: classWeight=${show(classWeight)}`,
    );
  }
}

/** A batch that counts classes by their weights. @throws ValueError with several outputs, or with sample weights too. */
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
