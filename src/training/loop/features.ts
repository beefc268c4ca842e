/** A cache of the features that the frozen part of a model computes from all samples, once for a whole training. */
import { openScratch, print, warn } from "#platform";
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { Pauses } from "./pauses.ts";
import { ScratchRows } from "./features-on-disk.ts";
import { ProgressBar } from "./progress-bar.ts";
import { Column } from "../data/rows.ts";
import { type Samples, type Source, countOf, gatherSamples, sliceSamples } from "../data/samples.ts";
import { type Gather, orderedSource } from "../data/sources.ts";

/** The options of a feature cache. */
export interface FeatureOptions {
  /** The largest number of bytes in memory. Features that take more are in a temporary file, if the platform has files. */
  readonly maxBytes: number;
  readonly seed: () => number;
  readonly verbose: 0 | 1 | 2;
  /** The name of the samples in messages: `training` or `validation`. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

/** A source of cached features. */
export interface FeatureSource {
  readonly source: Source;
  /** Frees the memory or the temporary file of the features. */
  close(): Promise<void>;
}

/**
 * The source with features in place of inputs, or undefined if there is nowhere to store them. All samples are read once, in a fixed order;
 * passes over the features are shuffled if passes over the samples were.
 */
export async function featureSource(
  source: Source,
  features: (samples: Samples) => Promise<readonly Tensor[]>,
  options: FeatureOptions,
): Promise<FeatureSource | undefined> {
  let kept: Kept | undefined;
  let isDone = false;
  try {
    const pauses = new Pauses();
    const indices: number[] = [];
    let bar: ProgressBar | undefined;
    let batchSize = 0;
    let steps = 0;
    for await (const samples of source.inOrder()) {
      await pauses.takeIfDue();
      options.signal?.throwIfAborted();
      const made = { ...samples, x: (await features(samples)).map((tensor) => tensor.toFloat32()) };
      if (kept === undefined) {
        kept = await placeFor(source, made, options);
        if (kept === undefined) return undefined;
        batchSize = countOf(samples);
        bar = new ProgressBar(source.steps, options.verbose);
      }
      await kept.add(made);
      for (const index of samples.indices ?? []) indices.push(index);
      bar?.update(++steps, {});
    }
    bar?.finish(steps, {});
    if (kept === undefined) return undefined;
    const { count } = kept;
    const order = indices.length === count ? sortedOrder(indices) : undefined;
    const shuffle = source.shuffles ?? order !== undefined;
    isDone = true;
    const { gather, close } = kept;
    return { source: orderedSource(count, gather(), { batchSize, shuffle, seed: options.seed, order }), close };
  } catch (error) {
    // A full disk must not end the training.
    if (kept?.isOnDisk !== true || !(error instanceof MobileNetV2Error) || error.code !== "IOError") throw error;
    warn(`${error.message} The features of the frozen part are computed anew in every epoch.`);
    return undefined;
  } finally {
    if (!isDone) await kept?.close();
  }
}

/** The indices of numbers in ascending order of the numbers, or undefined if they are sorted already. */
function sortedOrder(numbers: readonly number[]): Uint32Array | undefined {
  if (numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))) return undefined;
  const indices = Uint32Array.from(numbers, (_, i) => i);
  return indices.toSorted((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0));
}

/** A store of features and targets. */
interface Kept {
  readonly isOnDisk: boolean;
  readonly count: number;
  add(samples: FeatureSamples): Promise<void>;
  /** Makes the function that reads samples back, once all are added. */
  gather: () => Gather;
  close: () => Promise<void>;
}

type FeatureSamples = Samples & { readonly x: readonly Tensor<Float32Array>[] };

/** A store in memory if all features fit, else in a file if the platform has files, else undefined. */
async function placeFor(
  { size }: Source,
  first: FeatureSamples,
  { maxBytes, verbose, what }: FeatureOptions,
): Promise<Kept | undefined> {
  const ofOne = first.x.reduce((sum, one) => sum + one.size, 0) / Math.max(1, countOf(first));
  // Only a list of batches can be of unknown size here, and it is in memory already.
  const bytes = (size ?? countOf(first)) * ofOne * 4;
  const kept = bytes <= maxBytes ? new InMemory(first, size) : await OnDisk.create(first, size);
  if (verbose !== 0 && kept !== undefined) {
    const place = kept.isOnDisk ? ` and kept in a temporary file (${(bytes / 1e9).toFixed(1)} GB)` : "";
    print(`Features of the frozen part are computed once${place}: ${ofOne} numbers for each of the ${what} samples.\n`);
  }
  return kept;
}

/** Targets and sample weights, which are in memory whether or not the features are. */
class Targets {
  readonly #y: readonly Column[];
  readonly #weights: Column | undefined;

  constructor({ y, sampleWeight }: Samples, most: number | undefined) {
    this.#y = y.map((tensor) => new Column(tensor, most));
    this.#weights = sampleWeight && new Column(sampleWeight, most);
  }

  add({ y, sampleWeight }: Samples): void {
    for (const [i, tensor] of y.entries()) this.#y[i]?.add(tensor);
    if (sampleWeight !== undefined) this.#weights?.add(sampleWeight);
  }

  samples(x: readonly Tensor[]): Samples {
    return {
      x,
      y: this.#y.map((column) => column.tensor()),
      sampleWeight: this.#weights?.tensor(),
      indices: undefined,
    };
  }
}

class InMemory implements Kept {
  readonly isOnDisk = false;
  count = 0;
  readonly #targets: Targets;
  readonly #x: readonly Column[];

  constructor(first: FeatureSamples, most: number | undefined) {
    this.#targets = new Targets(first, most);
    this.#x = first.x.map((tensor) => new Column(tensor, most));
  }

  add(samples: FeatureSamples): Promise<void> {
    for (const [i, tensor] of samples.x.entries()) this.#x[i]?.add(tensor);
    this.#targets.add(samples);
    this.count += countOf(samples);
    return Promise.resolve();
  }

  gather = (): Gather => {
    const all = this.#targets.samples(this.#x.map((column) => column.tensor()));
    return (indices, from, to) =>
      indices === undefined ? sliceSamples(all, from, to) : gatherSamples(all, indices.subarray(from, to));
  };

  close = (): Promise<void> => Promise.resolve();
}

class OnDisk implements Kept {
  readonly isOnDisk = true;
  count = 0;
  readonly #targets: Targets;
  readonly #rows: ScratchRows;

  private constructor(rows: ScratchRows, first: FeatureSamples, most: number | undefined) {
    this.#rows = rows;
    this.#targets = new Targets(first, most);
  }

  static async create(first: FeatureSamples, most: number | undefined): Promise<OnDisk | undefined> {
    const scratch = await openScratch();
    return scratch && new OnDisk(new ScratchRows(scratch, first.x), first, most);
  }

  async add(samples: FeatureSamples): Promise<void> {
    await this.#rows.add(samples.x);
    this.#targets.add(samples);
    this.count += countOf(samples);
  }

  gather = (): Gather => {
    const targets = this.#targets.samples([]);
    return async (indices, from, to) => {
      const wanted = indices?.subarray(from, to) ?? Uint32Array.from({ length: to - from }, (_, i) => from + i);
      const x = await this.#rows.read(wanted);
      return { ...(indices === undefined ? sliceSamples(targets, from, to) : gatherSamples(targets, wanted)), x };
    };
  };

  close = (): Promise<void> => this.#rows.close();
}
