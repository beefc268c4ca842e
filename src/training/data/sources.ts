/** Sources of batches: arrays, shuffled by a seed, and data sets (keras.src.trainers.data_adapters). */
import { show, valueError } from "../../core/errors.ts";
import { permutation } from "./permutation.ts";
import {
  type Samples,
  type Source,
  type BatchTuple,
  type TrainingBatch,
  type TrainingDataset,
  countOf,
  gatherSamples,
  samplesOf,
  sliceSamples,
} from "./samples.ts";

/** The options of a source of arrays. */
export interface ArrayOptions {
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** A function that returns the seed, called at the start of each shuffled pass. */
  readonly seed: () => number;
  /** The order of the samples before any shuffle, as indices. Default: their own. */
  readonly order?: Uint32Array | undefined;
}

/** Returns the samples at `indices[from]` up to but not including `indices[to]`; without indices, the samples from `from` up to `to`. */
export type Gather = (indices: Uint32Array | undefined, from: number, to: number) => Samples | Promise<Samples>;

/** Arrays in batches. If they are shuffled, each pass has an order of its own, determined by the seed and the number of the pass. */
export function arraySource(samples: Samples, options: ArrayOptions): Source {
  return orderedSource(
    countOf(samples),
    (indices, from, to) =>
      indices === undefined ? sliceSamples(samples, from, to) : gatherSamples(samples, indices.subarray(from, to)),
    options,
  );
}

/** The same for samples stored anywhere, which `gather` reads. @throws ValueError if `batchSize` is not a whole number of 1 or more. */
export function orderedSource(
  count: number,
  gather: Gather,
  { batchSize, shuffle, seed, order }: ArrayOptions,
): Source {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw valueError(`\`batchSize\` should be a whole number of 1 or more. Received: batchSize=${show(batchSize)}`);
  }
  async function* batches(indices: Uint32Array | undefined): AsyncGenerator<Samples, void, undefined> {
    for (let from = 0; from < count; from += batchSize) {
      yield await gather(indices, from, Math.min(count, from + batchSize));
    }
  }
  return {
    steps: Math.ceil(count / batchSize),
    size: count,
    deterministic: true,
    repeats: true,
    shuffles: shuffle,
    pass(index) {
      if (!shuffle) return batches(order);
      const indices = permutation(count, `${seed()}/shuffle/${index}`);
      return batches(order === undefined ? indices : indices.map((at) => order[at] ?? 0));
    },
    inOrder: () => batches(order),
  };
}

/** The batches of a data set, in its own order. */
export function datasetSource(dataset: TrainingDataset): Source {
  const { cardinality, size, deterministic = false } = dataset;
  const steps = cardinality ?? (Array.isArray(dataset) ? dataset.length : undefined);
  async function* pass(index: number): AsyncGenerator<Samples, void, undefined> {
    type Batches = AsyncIterable<TrainingBatch | BatchTuple> | Iterable<TrainingBatch | BatchTuple>;
    const batches: Batches = dataset.batches?.(index) ?? dataset;
    for await (const batch of batches) yield samplesOf(batch);
  }
  return {
    steps,
    size,
    // A list is the same every time; a data set that does not know its size may have other samples every time.
    deterministic: Array.isArray(dataset) || (deterministic && size !== undefined),
    repeats: Array.isArray(dataset) || dataset.batches !== undefined || !isIterator(dataset),
    shuffles: Array.isArray(dataset) ? false : undefined,
    pass,
    inOrder: () => pass(0),
  };
}

/** Whether a value is a list of batches or any other iterable. */
export function isDataset(data: unknown): data is TrainingDataset {
  if (typeof data !== "object" || data === null || ArrayBuffer.isView(data)) return false;
  if (Array.isArray(data))
    // Lists of numbers are no batches.
    return data.every((batch: unknown) =>
      Array.isArray(batch) ? typeof batch[0] !== "number" : typeof batch === "object" && batch !== null && "x" in batch,
    );
  return Symbol.asyncIterator in data || Symbol.iterator in data;
}

/** Whether a data set can be iterated over only once, as a generator. */
function isIterator(dataset: TrainingDataset): boolean {
  return "next" in dataset;
}

/** The position of a training in its source. */
export interface Position {
  /** The pass, counted from 0. */
  readonly pass: number;
  /** The next batch of the pass, counted from 0. */
  readonly batch: number;
}

/**
 * Reads the batches of epochs from a source. Without `stepsPerEpoch`, an epoch is a pass with the epoch's number; with it, each epoch
 * continues where the one before stopped, and ends early at the end of a pass, as in Keras: 3 batches in steps of 2 are epochs of 2, 1, 2, 1.
 */
export class EpochReader {
  readonly #source: Source;
  readonly #stepsPerEpoch: number | undefined;
  #position: Position = { pass: 0, batch: 0 };
  #iterator: AsyncIterator<Samples> | Iterator<Samples> | undefined;

  constructor(source: Source, stepsPerEpoch: number | undefined) {
    if (stepsPerEpoch !== undefined && !(Number.isInteger(stepsPerEpoch) && stepsPerEpoch > 0)) {
      throw valueError(`\`stepsPerEpoch\` should be a whole number of 1 or more. Received: ${show(stepsPerEpoch)}`);
    }
    this.#source = source;
    this.#stepsPerEpoch = stepsPerEpoch;
  }

  /** The position of the next batch. Setting it continues from there. */
  get position(): Position {
    return this.#position;
  }

  set position(position: Position) {
    this.#position = position;
    this.#iterator = undefined;
  }

  /** The batches of an epoch from step `firstStep` on; fewer than `stepsPerEpoch` if a pass ends. */
  async *epoch(epoch: number, firstStep: number): AsyncGenerator<Samples, void, undefined> {
    if (this.#stepsPerEpoch === undefined) {
      if (firstStep === 0) this.position = { pass: epoch, batch: 0 };
      for (let next = await this.#next(); next !== undefined; next = await this.#next()) yield next;
      return;
    }
    for (let step = firstStep; step < this.#stepsPerEpoch; step++) {
      let next = await this.#next();
      if (step === 0 && next === undefined && this.#source.repeats && this.#position.batch > 0) {
        this.position = { pass: this.#position.pass + 1, batch: 0 };
        next = await this.#next();
      }
      if (next === undefined) return;
      yield next;
    }
  }

  /** Ends the iteration over the source, which releases what it holds. */
  async close(): Promise<void> {
    await this.#iterator?.return?.();
    this.#iterator = undefined;
  }

  async #next(): Promise<Samples | undefined> {
    const { pass, batch } = this.#position;
    if (this.#iterator === undefined) {
      this.#iterator = iteratorOf(this.#source.pass(pass));
      for (let i = 0; i < batch; i++) await this.#iterator.next();
    }
    const result = await this.#iterator.next();
    if (result.done === true) return undefined;
    this.#position = { pass, batch: batch + 1 };
    return result.value;
  }
}

function iteratorOf<T>(items: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
