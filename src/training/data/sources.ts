/** Sources of batches: arrays, shuffled by a seed, and data sets. */
import { show, valueError } from "../../core/errors.ts";
import { permutation } from "./permutation.ts";
import {
  type Samples,
  type Source,
  type TrainingBatch,
  type TrainingDataset,
  countOf,
  gatherSamples,
  samplesOf,
  sliceSamples,
} from "./samples.ts";

export interface ArrayOptions {
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** Asked for at the beginning of each pass. */
  readonly seed: () => number;
  /** Another order to begin with. */
  readonly order?: Uint32Array | undefined;
}

/** The samples at the places from `from`, before `to`; of all samples in their order where there are no places. */
export type Gather = (places: Uint32Array | undefined, from: number, to: number) => Samples | Promise<Samples>;

/** Arrays in batches; each pass has an order of its own, that the seed and its number alone decide. */
export function arraySource(samples: Samples, options: ArrayOptions): Source {
  return orderedSource(
    countOf(samples),
    (places, from, to) =>
      places === undefined ? sliceSamples(samples, from, to) : gatherSamples(samples, places.subarray(from, to)),
    options,
  );
}

/** The same for samples that are kept anywhere. */
export function orderedSource(
  count: number,
  gather: Gather,
  { batchSize, shuffle, seed, order }: ArrayOptions,
): Source {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw valueError(`\`batchSize\` should be a whole number of 1 or more. Received: batchSize=${show(batchSize)}`);
  }
  async function* batches(places: Uint32Array | undefined): AsyncGenerator<Samples, void, undefined> {
    for (let from = 0; from < count; from += batchSize) {
      yield await gather(places, from, Math.min(count, from + batchSize));
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
      const places = permutation(count, `${seed()}/shuffle/${index}`);
      return batches(order === undefined ? places : places.map((place) => order[place] ?? 0));
    },
    plain: () => batches(order),
  };
}

/** Batches of a data set, as it gives them. */
export function datasetSource(dataset: TrainingDataset): Source {
  const { cardinality, size, deterministic = false } = dataset;
  const steps = cardinality ?? (Array.isArray(dataset) ? dataset.length : undefined);
  async function* pass(index: number): AsyncGenerator<Samples, void, undefined> {
    const batches: AsyncIterable<TrainingBatch> | Iterable<TrainingBatch> = dataset.batches?.(index) ?? dataset;
    for await (const batch of batches) yield samplesOf(batch);
  }
  return {
    steps,
    size,
    // A list is the same every time; where nobody knows how many samples there are, they may be others every time.
    deterministic: Array.isArray(dataset) || (deterministic && size !== undefined),
    repeats: Array.isArray(dataset) || dataset.batches !== undefined || !isIterator(dataset),
    shuffles: Array.isArray(dataset) ? false : undefined,
    pass,
    plain: () => pass(0),
  };
}

export function isDataset(data: unknown): data is TrainingDataset {
  if (typeof data !== "object" || data === null || ArrayBuffer.isView(data)) return false;
  if (Array.isArray(data))
    return data.every((batch: unknown) => typeof batch === "object" && batch !== null && "x" in batch);
  return Symbol.asyncIterator in data || Symbol.iterator in data;
}

/** Whether it is used up once it was gone through, as a generator is. */
function isIterator(dataset: TrainingDataset): boolean {
  return "next" in dataset;
}

/** How far a training has come in its source. */
export interface Position {
  /** The pass, from 0, and the next batch of it. */
  readonly pass: number;
  readonly batch: number;
}

/**
 * The batches of epochs. Without `stepsPerEpoch` an epoch is a pass, and passes are counted as epochs; with it, the next epoch
 * goes on where the one before stopped.
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

  get position(): Position {
    return this.#position;
  }

  /** Goes on from there. */
  set position(position: Position) {
    this.#position = position;
    this.#iterator = undefined;
  }

  /** The batches of an epoch, from the step on that is the next; fewer than asked for where the source ends for good. */
  async *epoch(epoch: number, firstStep: number): AsyncGenerator<Samples, void, undefined> {
    if (this.#stepsPerEpoch === undefined) {
      if (firstStep === 0) this.position = { pass: epoch, batch: 0 };
      for (let next = await this.#next(); next !== undefined; next = await this.#next()) yield next;
      return;
    }
    for (let step = firstStep; step < this.#stepsPerEpoch; step++) {
      let next = await this.#next();
      if (next === undefined && this.#source.repeats && this.#position.batch > 0) {
        this.position = { pass: this.#position.pass + 1, batch: 0 };
        next = await this.#next();
      }
      if (next === undefined) return;
      yield next;
    }
  }

  /** Lets go of what it reads from. */
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
