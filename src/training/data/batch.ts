/** Batches of samples, and how they are joined and sliced (the elements of a batched tf.data.Dataset). */
import { valueError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { emptyLike, sliceRows } from "./rows.ts";

/** A batch of samples; the first axis of each tensor is the batch axis. */
export interface Batch {
  /** The inputs, such as pictures [samples, rows, columns, channels]. */
  readonly x: Tensor;
  /** The labels or other targets, if the data set has them. */
  readonly y?: Tensor | undefined;
  /** One weight for each sample, if the data set has them. */
  readonly sampleWeight?: Tensor | undefined;
  /** An identifying number for each sample, the same in every epoch; for pictures, the index in the data set's `filePaths`. */
  readonly indices?: Int32Array | undefined;
}

/** The number of samples in a batch. */
export function samplesIn({ x }: Batch): number {
  return x.shape[0] ?? 0;
}

/** The samples from `from` up to but not including `to`, as views of the same memory. */
export function sliceBatch({ x, y, sampleWeight, indices }: Batch, from: number, to: number): Batch {
  return {
    x: sliceRows(x, from, to),
    y: y && sliceRows(y, from, to),
    sampleWeight: sampleWeight && sliceRows(sampleWeight, from, to),
    indices: indices?.subarray(from, to),
  };
}

/** Several batches joined into one, in their order; a single batch is returned as it is. @throws ValueError if their shapes or types differ. */
export function joinBatches(batches: readonly Batch[]): Batch {
  const [first, ...others] = batches;
  if (first === undefined) throw valueError("There are no batches to join.");
  if (others.length === 0) return first;
  return {
    x: joinTensors(batches.map(({ x }) => x)),
    y: joinWhereAll(batches.map(({ y }) => y)),
    sampleWeight: joinWhereAll(batches.map(({ sampleWeight }) => sampleWeight)),
    indices: joinIndices(batches.map(({ indices }) => indices)),
  };
}

/** A sample without a batch axis as a batch of one. */
export function batchOfOne({ x, y, sampleWeight, indices }: Batch): Batch {
  const grown = (tensor: Tensor): Tensor => tensor.reshape([1, ...tensor.shape]);
  return { x: grown(x), y: y && grown(y), sampleWeight: sampleWeight && grown(sampleWeight), indices };
}

/** The only sample of a batch of one, without the batch axis. */
export function onlySample({ x, y, sampleWeight, indices }: Batch): Batch {
  const lone = (tensor: Tensor): Tensor => tensor.reshape(tensor.shape.slice(1));
  return { x: lone(x), y: y && lone(y), sampleWeight: sampleWeight && lone(sampleWeight), indices };
}

function joinWhereAll(tensors: readonly (Tensor | undefined)[]): Tensor | undefined {
  const present = tensors.filter((tensor) => tensor !== undefined);
  if (present.length === 0) return undefined;
  if (present.length < tensors.length) {
    throw valueError("Some batches have labels or weights, others have none. They cannot be joined.");
  }
  return joinTensors(present);
}

function joinIndices(lists: readonly (Int32Array | undefined)[]): Int32Array | undefined {
  return lists.some((list) => list === undefined)
    ? undefined
    : Int32Array.from(lists.flatMap((list) => [...(list ?? [])]));
}

function joinTensors(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw valueError("There are no tensors to join.");
  const [, ...rest] = first.shape;
  let count = 0;
  for (const { shape, dtype } of tensors) {
    if (formatShape(shape.slice(1)) !== formatShape(rest) || dtype !== first.dtype) {
      throw valueError(
        `Batches to join must be alike. Received: ${first.dtype} ${formatShape(first.shape)} and ${dtype} ${formatShape(shape)}`,
      );
    }
    count += shape[0] ?? 0;
  }
  const data = emptyLike(first.data, count * sizeOf(rest));
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.size;
  }
  return new Tensor([count, ...rest], data);
}
