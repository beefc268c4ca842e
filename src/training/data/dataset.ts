/** Data sets: batches that can be gone through again, epoch by epoch (what tf.data.Dataset is to Keras's `fit`). */
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { prefetched } from "./pictures/ahead.ts";
import { type Augmentation, augmentBatch } from "./augmentation/augment.ts";
import { type Batch, batchOfOne, joinBatches, samplesIn, sliceBatch } from "./batch.ts";

/** What is known of a data set before anyone goes through it. */
export interface DatasetFacts {
  /** How many batches there are (Keras's `cardinality()`); undefined where nobody knows. */
  readonly cardinality: number | undefined;
  /** How many samples there are at most: unreadable pictures count. */
  readonly size: number | undefined;
  /** True where a sample with the same index is the same to the bit in every epoch, so that what is computed of it can be kept. */
  readonly deterministic: boolean;
  /** False where samples come one by one, without a batch's axis. Default: true. */
  readonly batched?: boolean | undefined;
  /** The names of the classes in the order of the labels. */
  readonly classNames?: readonly string[] | undefined;
  /** Where the samples come from, by their index. */
  readonly filePaths?: readonly string[] | undefined;
}

/** Makes the batches of an epoch. */
export type Batches = (epoch: number) => AsyncIterable<Batch>;

export interface MapOptions {
  /** The function gives the same for the same samples in every epoch. Default: false, as functions that augment do not. */
  readonly deterministic?: boolean | undefined;
}

export interface AugmentOptions {
  /** The same seed, epoch and sample give the same picture. Default: 0. */
  readonly seed?: number | undefined;
}

export interface CacheOptions {
  /** The most that is kept, in bytes. Default: 2 GiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * Batches, as often as they are asked for. Each `for await` over it is the next epoch; `batches(epoch)` is a certain one: the same number
 * gives the same batches in the same order.
 */
export class Dataset implements AsyncIterable<Batch>, DatasetFacts {
  readonly #batches: Batches;
  readonly #facts: DatasetFacts;
  #epoch = 0;

  constructor(batches: Batches, facts: DatasetFacts) {
    this.#batches = batches;
    this.#facts = facts;
  }

  get cardinality(): number | undefined {
    return this.#facts.cardinality;
  }

  get size(): number | undefined {
    return this.#facts.size;
  }

  get deterministic(): boolean {
    return this.#facts.deterministic;
  }

  get batched(): boolean {
    return this.#facts.batched ?? true;
  }

  get classNames(): readonly string[] | undefined {
    return this.#facts.classNames;
  }

  get filePaths(): readonly string[] | undefined {
    return this.#facts.filePaths;
  }

  /** The batches of an epoch, counted from 0. */
  batches(epoch: number): AsyncIterable<Batch> {
    return this.#batches(epoch);
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch> {
    return this.batches(this.#epoch++)[Symbol.asyncIterator]();
  }

  /** Every batch as a function makes it. */
  map(fn: (batch: Batch, epoch: number) => Batch | Promise<Batch>, options: MapOptions = {}): Dataset {
    checkOptions("map()", options, { deterministic: true });
    const deterministic = this.deterministic && options.deterministic === true;
    return this.#derived({ deterministic }, async function* (batches, epoch) {
      for await (const batch of batches) yield await fn(batch, epoch);
    });
  }

  /** Pictures changed at random, one augmentation after the other. Two epochs never see the same, two runs do. */
  augment(augmentations: readonly Augmentation[], options: AugmentOptions = {}): Dataset {
    checkOptions("augment()", options, { seed: true });
    const { seed = 0 } = options;
    return this.map((batch, epoch) => augmentBatch(batch, augmentations, { seed, epoch }));
  }

  /** The first batches of every epoch. */
  take(count: number): Dataset {
    const cardinality = this.cardinality === undefined ? undefined : Math.min(this.cardinality, wholeCount(count));
    return this.#derived({ cardinality, size: undefined }, async function* (batches) {
      let left = count;
      if (left === 0) return;
      for await (const batch of batches) {
        yield batch;
        if (--left === 0) return;
      }
    });
  }

  /** All but the first batches of every epoch. */
  skip(count: number): Dataset {
    const cardinality = this.cardinality === undefined ? undefined : Math.max(0, this.cardinality - wholeCount(count));
    return this.#derived({ cardinality, size: undefined }, async function* (batches) {
      let left = count;
      for await (const batch of batches) if (left-- <= 0) yield batch;
    });
  }

  /** The same samples in batches of another size; or what comes one by one, in batches. */
  batch(batchSize: number): Dataset {
    wholeCount(batchSize, 1);
    const { size, batched } = this;
    const cardinality = size === undefined ? undefined : Math.ceil(size / batchSize);
    return this.#derived({ cardinality, batched: true }, async function* (batches) {
      let waiting: Batch[] = [];
      let count = 0;
      for await (const given of batches) {
        const batch = batched ? given : batchOfOne(given);
        waiting.push(batch);
        count += samplesIn(batch);
        if (count < batchSize) continue;
        const all = joinBatches(waiting);
        let from = 0;
        for (; from + batchSize <= count; from += batchSize) yield sliceBatch(all, from, from + batchSize);
        waiting = from < count ? [sliceBatch(all, from, count)] : [];
        count -= from;
      }
      if (count > 0) yield joinBatches(waiting);
    });
  }

  /** So many batches are made before they are asked for. */
  prefetch(count: number): Dataset {
    wholeCount(count);
    return this.#derived({}, (batches) => prefetched(batches, count));
  }

  /**
   * The batches of the first epoch that was gone through to its end, kept in memory and given again in the same order.
   * @throws LimitError from the iteration where they take more than `maxBytes`.
   */
  cache(options: CacheOptions = {}): Dataset {
    checkOptions("cache()", options, { maxBytes: true });
    const { maxBytes = 2 ** 31 } = options;
    let kept: readonly Batch[] | undefined;
    return this.#derived({ deterministic: true }, async function* (batches) {
      if (kept !== undefined) {
        yield* kept;
        return;
      }
      const seen: Batch[] = [];
      let bytes = 0;
      for await (const batch of batches) {
        bytes += batch.x.data.byteLength + (batch.y?.data.byteLength ?? 0);
        if (bytes > maxBytes) {
          throw new MobileNetV2Error(
            "LimitError",
            `cache() would keep more than ${maxBytes} bytes. Raise \`maxBytes\`, or read the pictures again in every epoch.`,
          );
        }
        seen.push(batch);
        yield batch;
      }
      kept = seen;
    });
  }

  #derived(
    changed: Partial<DatasetFacts>,
    make: (batches: AsyncIterable<Batch>, epoch: number) => AsyncIterable<Batch>,
  ): Dataset {
    const { cardinality, size, deterministic, batched, classNames, filePaths } = this;
    return new Dataset((epoch) => make(this.batches(epoch), epoch), {
      cardinality,
      size,
      deterministic,
      batched,
      classNames,
      filePaths,
      ...changed,
    });
  }
}

function wholeCount(count: number, least = 0): number {
  if (!Number.isInteger(count) || count < least) {
    throw valueError(`Expected a whole number of ${least} or more. Received: ${count}`);
  }
  return count;
}
