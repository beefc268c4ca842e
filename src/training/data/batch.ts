/** Batches: what a data set gives, put together and cut apart. */
import { valueError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { emptyLike, sliceRows } from "./rows.ts";

/** Samples that a model learns from at once; the first axis of each tensor counts them. */
export interface Batch {
  readonly x: Tensor;
  /** What the model should answer; undefined where nobody says it. */
  readonly y?: Tensor | undefined;
  /** How much each sample counts. */
  readonly sampleWeight?: Tensor | undefined;
  /** Which samples these are: the same number is the same sample in every epoch. Of pictures, their place in `filePaths`. */
  readonly indices?: Int32Array | undefined;
}

/** How many samples there are. */
export function samplesIn({ x }: Batch): number {
  return x.shape[0] ?? 0;
}

/** Samples `from` to `to`, the latter left out; views of the same memory. */
export function sliceBatch({ x, y, sampleWeight, indices }: Batch, from: number, to: number): Batch {
  return {
    x: sliceRows(x, from, to),
    y: y && sliceRows(y, from, to),
    sampleWeight: sampleWeight && sliceRows(sampleWeight, from, to),
    indices: indices?.subarray(from, to),
  };
}

/** Batches one after the other as one; a single one is itself. @throws ValueError where they are of different kinds. */
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

/** A single sample as a batch of one. */
export function batchOfOne({ x, y, sampleWeight, indices }: Batch): Batch {
  const grown = (tensor: Tensor): Tensor => tensor.reshape([1, ...tensor.shape]);
  return { x: grown(x), y: y && grown(y), sampleWeight: sampleWeight && grown(sampleWeight), indices };
}

/** The only sample of a batch, without the batch's axis. */
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
