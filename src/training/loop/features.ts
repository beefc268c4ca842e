/** What the frozen part of a model makes of all samples, computed once. */
import { openScratch, print, warn } from "#platform";
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { Breath } from "./pauses.ts";
import { ScratchRows } from "./features-on-disk.ts";
import { ProgressBar } from "./progress-bar.ts";
import { Column } from "../data/rows.ts";
import { type Samples, type Source, countOf, gatherSamples, sliceSamples } from "../data/samples.ts";
import { type Gather, orderedSource } from "../data/sources.ts";

export interface FeatureOptions {
  /** The most that is kept in memory, in bytes; the rest, where there are files, in one of them. */
  readonly maxBytes: number;
  readonly seed: () => number;
  readonly verbose: 0 | 1 | 2;
  /** Whose samples they are: `training` or `validation`. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

export interface FeatureSource {
  readonly source: Source;
  /** Frees what keeps the features. */
  close(): Promise<void>;
}

/**
 * The source with features in place of inputs; undefined where there is no place for them. Goes through the samples once, in an order that
 * does not change; each pass over the features has an order of its own, where the samples had.
 */
export async function featureSource(
  source: Source,
  features: (samples: Samples) => Promise<readonly Tensor[]>,
  options: FeatureOptions,
): Promise<FeatureSource | undefined> {
  let kept: Kept | undefined;
  let isDone = false;
  try {
    const breath = new Breath();
    const indices: number[] = [];
    let bar: ProgressBar | undefined;
    let batchSize = 0;
    let steps = 0;
    for await (const samples of source.plain()) {
      await breath.take();
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
    // A disk that is full is no reason to end.
    if (kept?.isOnDisk !== true || !(error instanceof MobileNetV2Error) || error.code !== "IOError") throw error;
    warn(`${error.message} The features of the frozen part are computed anew in every epoch.`);
    return undefined;
  } finally {
    if (!isDone) await kept?.close();
  }
}

/** The places of numbers from the smallest on; undefined where they are sorted already. */
function sortedOrder(numbers: readonly number[]): Uint32Array | undefined {
  if (numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))) return undefined;
  const places = Uint32Array.from(numbers, (_, i) => i);
  return places.toSorted((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0));
}

/** Where features are kept. */
interface Kept {
  readonly isOnDisk: boolean;
  readonly count: number;
  add(samples: FeatureSamples): Promise<void>;
  /** What gives them back. */
  gather: () => Gather;
  close: () => Promise<void>;
}

type FeatureSamples = Samples & { readonly x: readonly Tensor<Float32Array>[] };

/** In memory where they fit, else in a file, where there are files. */
async function placeFor(
  { size }: Source,
  first: FeatureSamples,
  { maxBytes, verbose, what }: FeatureOptions,
): Promise<Kept | undefined> {
  const ofOne = first.x.reduce((sum, one) => sum + one.size, 0) / Math.max(1, countOf(first));
  // Where nobody knows how many there will be, they are in memory as a list already.
  const bytes = (size ?? countOf(first)) * ofOne * 4;
  const kept = bytes <= maxBytes ? new InMemory(first, size) : await OnDisk.create(first, size);
  if (verbose !== 0 && kept !== undefined) {
    const place = kept.isOnDisk ? ` and kept in a temporary file (${(bytes / 1e9).toFixed(1)} GB)` : "";
    print(`Features of the frozen part are computed once${place}: ${ofOne} numbers for each of the ${what} samples.\n`);
  }
  return kept;
}

/** Targets and weights, in memory wherever features are. */
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
    return (places, from, to) =>
      places === undefined ? sliceSamples(all, from, to) : gatherSamples(all, places.subarray(from, to));
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
    return async (places, from, to) => {
      const wanted = places?.subarray(from, to) ?? Uint32Array.from({ length: to - from }, (_, i) => from + i);
      const x = await this.#rows.read(wanted);
      return { ...(places === undefined ? sliceSamples(targets, from, to) : gatherSamples(targets, wanted)), x };
    };
  };

  close = (): Promise<void> => this.#rows.close();
}
