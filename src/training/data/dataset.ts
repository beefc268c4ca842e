/** Data sets: batches that can be iterated over again in every epoch (the counterpart of tf.data.Dataset). */
import { MobileNetV2Error } from "../../core/errors.ts";
import { frozen } from "../../core/frozen.ts";
import { FLAG, FUNCTION, type Kind, NUMBER, OBJECT, TEXTS, between, check, listOf, whole } from "../../core/kinds.ts";
import { type Names, checkOptions } from "../../core/options.ts";
import { prefetched } from "./pictures/ahead.ts";
import { type Augmentation, augmentBatch } from "./augmentation/augment.ts";
import { type Batch, batchOfOne, joinBatches, samplesIn, sliceBatch } from "./batch.ts";

/** The facts about a data set that are known before it is iterated over. */
export interface DatasetFacts {
  /** The number of batches (tf.data's `cardinality()`), or undefined if it is not known. */
  readonly cardinality: number | undefined;
  /** The largest possible number of samples, which includes unreadable pictures; undefined if it is not known. */
  readonly size: number | undefined;
  /** Whether the sample of an index is the same to the bit in every epoch, so that features computed from it can be cached. */
  readonly deterministic: boolean;
  /** Whether samples come in batches; if false, they come one by one, without a batch axis. Default: true. */
  readonly batched?: boolean | undefined;
  /** The names of the classes, in the order of the labels. */
  readonly classNames?: readonly string[] | undefined;
  /** The path of each sample's file, by the sample's index. */
  readonly filePaths?: readonly string[] | undefined;
}

/** A function that makes the batches of an epoch, counted from 0. */
export type Batches = (epoch: number) => AsyncIterable<Batch>;

/** The options of `map`. */
export interface MapOptions {
  /** Whether the function returns the same for the same samples in every epoch, unlike a random augmentation. Default: false. */
  readonly deterministic?: boolean | undefined;
}

/** The options of `augment`. */
export interface AugmentOptions {
  /** The seed: the same seed, epoch and sample give the same picture. Default: 0. */
  readonly seed?: number | undefined;
}

/** The options of `cache`. */
export interface CacheOptions {
  /** The largest number of bytes to keep. Default: 2 GiB. */
  readonly maxBytes?: number | undefined;
}

const COUNT = whole(0);

const DATASET_FACTS: Names<DatasetFacts> = {
  cardinality: COUNT,
  size: COUNT,
  deterministic: FLAG,
  batched: FLAG,
  classNames: TEXTS,
  filePaths: TEXTS,
};

/** A data set. */
export const DATASET: Kind = ["a Dataset", (value) => value instanceof Dataset];
export const AUGMENTATIONS = listOf("a list of augmentations, such as [randomFlip()]", [
  "",
  (value) => OBJECT[1](value) && typeof Reflect.get(Object(value), "apply") === "function",
]);

/**
 * A data set, which can be iterated over again in every epoch. Each `for await` over it is the next epoch; `batches(epoch)` gives a
 * particular one, always with the same batches in the same order. The methods return new data sets and leave this one as it is.
 */
export class Dataset implements AsyncIterable<Batch>, DatasetFacts {
  readonly #batches: Batches;
  readonly #facts: DatasetFacts;
  #epoch = 0;

  /** `batches` makes the batches of an epoch, always the same ones for the same epoch; `facts` are known before. */
  constructor(batches: Batches, facts: DatasetFacts) {
    check("Dataset", "batches", batches, FUNCTION);
    checkOptions("Dataset", facts, DATASET_FACTS);
    this.#batches = batches;
    this.#facts = frozen(facts);
  }

  /** The number of batches (tf.data's `cardinality()`), or undefined if it is not known. */
  get cardinality(): number | undefined {
    return this.#facts.cardinality;
  }

  /** The largest possible number of samples, which includes unreadable pictures; undefined if it is not known. */
  get size(): number | undefined {
    return this.#facts.size;
  }

  /** Whether the sample of an index is the same to the bit in every epoch. */
  get deterministic(): boolean {
    return this.#facts.deterministic;
  }

  /** Whether samples come in batches; if false, they come one by one, without a batch axis. */
  get batched(): boolean {
    return this.#facts.batched ?? true;
  }

  /** The names of the classes, in the order of the labels, if there are any. */
  get classNames(): readonly string[] | undefined {
    return this.#facts.classNames;
  }

  /** The path of each sample's file, by the sample's index, if the samples come from files. */
  get filePaths(): readonly string[] | undefined {
    return this.#facts.filePaths;
  }

  /** The batches of an epoch, counted from 0. */
  batches(epoch: number): AsyncIterable<Batch> {
    check("batches()", "epoch", epoch, whole(0));
    return this.#batches(epoch);
  }

  [Symbol.asyncIterator](): AsyncIterator<Batch> {
    return this.batches(this.#epoch++)[Symbol.asyncIterator]();
  }

  /** The data set with a function applied to every batch. The function also gets the epoch, counted from 0, and may return a promise. */
  map(fn: (batch: Batch, epoch: number) => Batch | Promise<Batch>, options: MapOptions = {}): Dataset {
    check("map()", "fn", fn, FUNCTION);
    checkOptions("map()", options, { deterministic: FLAG });
    const deterministic = this.deterministic && options.deterministic === true;
    return this.#derived({ deterministic }, async function* (batches, epoch) {
      for await (const batch of batches) yield await fn(batch, epoch);
    });
  }

  /**
   * The data set with its pictures changed at random by augmentations, applied in their order. Every epoch has different changes; two runs
   * with the same seed have the same ones.
   */
  augment(augmentations: readonly Augmentation[], options: AugmentOptions = {}): Dataset {
    check("augment()", "augmentations", augmentations, AUGMENTATIONS);
    checkOptions("augment()", options, { seed: NUMBER });
    const { seed = 0 } = options;
    return this.map((batch, epoch) => augmentBatch(batch, augmentations, { seed, epoch }));
  }

  /** The data set of only the first `count` batches of every epoch, a whole number of 0 or more; -1 takes all, as in tf.data. */
  take(count: number): Dataset {
    check("take()", "count", count, whole(-1));
    if (count === -1) return this.#derived({}, (batches) => batches);
    const cardinality = this.cardinality === undefined ? undefined : Math.min(this.cardinality, count);
    return this.#derived({ cardinality, size: undefined }, async function* (batches) {
      let left = count;
      if (left === 0) return;
      for await (const batch of batches) {
        yield batch;
        if (--left === 0) return;
      }
    });
  }

  /** The data set without the first `count` batches of every epoch, a whole number of 0 or more; -1 skips all, as in tf.data. */
  skip(count: number): Dataset {
    check("skip()", "count", count, whole(-1));
    if (count === -1) return this.take(0);
    const cardinality = this.cardinality === undefined ? undefined : Math.max(0, this.cardinality - count);
    return this.#derived({ cardinality, size: undefined }, async function* (batches) {
      let left = count;
      for await (const batch of batches) if (left-- <= 0) yield batch;
    });
  }

  /**
   * The same samples in batches of `batchSize`, whether they come in other batches or one by one. The last batch of an epoch may be smaller.
   * @throws ValueError if `batchSize` is not a whole number of 1 or more.
   */
  batch(batchSize: number): Dataset {
    check("batch()", "batchSize", batchSize, whole(1));
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

  /** The data set with up to `count` batches made in advance. @throws ValueError if `count` is not a whole number of 0 or more. */
  prefetch(count: number): Dataset {
    check("prefetch()", "count", count, whole(0));
    return this.#derived({}, (batches) => prefetched(batches, count));
  }

  /**
   * The data set with the batches of its first complete epoch kept in memory, and repeated in the same order in later epochs. Iterating throws
   * a LimitError if they take more than `maxBytes`.
   */
  cache(options: CacheOptions = {}): Dataset {
    checkOptions("cache()", options, { maxBytes: between(0, Infinity) });
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
