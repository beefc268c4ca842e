/** Data sets of pictures: read, decoded and resized ahead of whoever learns from them, in an order that the seed says. */
import { defaultCores, warn } from "#platform";
import { MobileNetV2Error, messageOf, valueError } from "../../../core/errors.ts";
import { type Names, checkOptions } from "../../../core/options.ts";
import { fnv1a32 } from "../../../core/random.ts";
import { Tensor, stack } from "../../../core/tensor.ts";
import type { BytesSource } from "../../../platform/contract.ts";
import { ahead } from "./ahead.ts";
import type { Augmentation } from "../augmentation/augment.ts";
import { descriptionOf } from "../augmentation/augmentation-of.ts";
import { type Batch, onlySample } from "../batch.ts";
import { type AugmentOptions, Dataset } from "../dataset.ts";
import { type LabelMode, labelTensor } from "./label-mode.ts";
import type { LoadPicture } from "./load-pixels.ts";
import { RandomState } from "./mt19937.ts";
import { type PictureTask, augmentPicture } from "./picture-work.ts";
import { defaultWorkers, pictureWorkers } from "./picture-workers.ts";

/** What a data set of pictures can be asked for, wherever its pictures come from. */
export interface ImageDatasetOptions {
  /** Null: pictures one by one, without the batch's axis. Default: 32. */
  readonly batchSize?: number | null | undefined;
  /** Another order in every epoch. Default: true. */
  readonly shuffle?: boolean | undefined;
  /** The same seed gives the same orders. Default: a random one. */
  readonly seed?: number | undefined;
  /** A picture that cannot be read is an error that names it. Default: it is counted, named once and left out. */
  readonly strict?: boolean | undefined;
  /** How many batches are made before they are asked for. Default: 2. */
  readonly prefetch?: number | undefined;
  /**
   * How many threads load and augment pictures; what they give does not depend on it. 0: the calling thread, beside the decoder's own.
   * Default: half of the cores and 4 at most; 0 with two cores, and in pages.
   */
  readonly workers?: number | undefined;
}

export const IMAGE_DATASET_OPTIONS: Names<ImageDatasetOptions> = {
  batchSize: true,
  shuffle: true,
  seed: true,
  strict: true,
  prefetch: true,
  workers: true,
};

export interface ImageDatasetInit extends ImageDatasetOptions {
  /** The names of the pictures, for messages: their paths. */
  readonly filePaths: readonly string[];
  /** What to read for a path. Default: the path itself. */
  readonly source?: ((path: string) => BytesSource) | undefined;
  /** The class of each picture. */
  readonly labels?: Int32Array | undefined;
  /** Default: `"int"` where there are labels. */
  readonly labelMode?: LabelMode | undefined;
  readonly classNames?: readonly string[] | undefined;
  readonly load: LoadPicture;
  /** How pictures are changed, each alone, after they are loaded. */
  readonly augmentations?: readonly Augmentation[] | undefined;
  /** Default: the data set's seed. */
  readonly augmentSeed?: number | undefined;
}

/** A picture that could not be read, and why. */
export interface Unreadable {
  readonly path: string;
  readonly error: MobileNetV2Error;
}

/** How many are named in a warning. */
const NAMED = 5;

export class ImageDataset extends Dataset {
  readonly #init: ImageDatasetInit;
  readonly #unreadable: Map<number, Unreadable>;

  constructor(init: ImageDatasetInit) {
    checkOptions("ImageDataset", init, {
      ...IMAGE_DATASET_OPTIONS,
      filePaths: true,
      source: true,
      labels: true,
      labelMode: true,
      classNames: true,
      load: true,
      augmentations: true,
      augmentSeed: true,
    });
    const { filePaths, batchSize = 32, labels, classNames, prefetch = 2 } = init;
    if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize >= 1)) {
      throw valueError(`\`batchSize\` must be a whole number of 1 or more, or null. Received: batchSize=${batchSize}`);
    }
    if (!(Number.isInteger(prefetch) && prefetch >= 0)) {
      throw valueError(`\`prefetch\` must be a whole number of 0 or more. Received: prefetch=${prefetch}`);
    }
    const { workers = 0 } = init;
    if (!(Number.isInteger(workers) && workers >= 0)) {
      throw valueError(`\`workers\` must be a whole number of 0 or more. Received: workers=${workers}`);
    }
    if (labels !== undefined && labels.length !== filePaths.length) {
      throw valueError(`There are ${labels.length} labels for ${filePaths.length} pictures.`);
    }
    const unreadable = new Map<number, Unreadable>();
    const seed = init.seed ?? Math.floor(Math.random() * 1e6);
    const prepare = preparer({ ...init, seed });
    super((epoch) => imageBatches({ ...init, seed }, prepare, unreadable, epoch), {
      cardinality: Math.ceil(filePaths.length / (batchSize ?? 1)),
      size: filePaths.length,
      deterministic: (init.augmentations ?? []).length === 0,
      batched: batchSize !== null,
      classNames,
      filePaths,
    });
    this.#init = { ...init, seed };
    this.#unreadable = unreadable;
  }

  /** The class of each picture, in the order of `filePaths`; undefined without labels. */
  get labels(): Int32Array | undefined {
    return this.#init.labels;
  }

  /** The pictures that could not be read so far. */
  get unreadable(): readonly Unreadable[] {
    return [...this.#unreadable.entries()].toSorted(([a], [b]) => a - b).map(([, one]) => one);
  }

  /** Pictures changed at random: each alone where the augmentations allow it, ahead and in other threads. Default for `seed`: that of the data set. */
  override augment(augmentations: readonly Augmentation[], options: AugmentOptions = {}): Dataset {
    checkOptions("augment()", options, { seed: true });
    const seed = options.seed ?? this.#init.seed;
    const isFirst = this.#init.augmentations === undefined;
    return isFirst && augmentations.every(({ isPerPicture }) => isPerPicture === true)
      ? new ImageDataset({ ...this.#init, augmentations, augmentSeed: seed })
      : super.augment(augmentations, { seed });
  }

  /** The same pictures in another way. */
  with(changed: ImageDatasetOptions): ImageDataset {
    return new ImageDataset({ ...this.#init, ...changed });
  }

  /** A data set of some of the pictures, by their places in `filePaths`; for splits of one's own. */
  select(places: ArrayLike<number>, changed: ImageDatasetOptions = {}): ImageDataset {
    const chosen = Array.from(places);
    const { filePaths, labels } = this.#init;
    const outside = chosen.find((place) => filePaths[place] === undefined);
    if (outside !== undefined) throw valueError(`There are ${filePaths.length} pictures, and none at ${outside}.`);
    return new ImageDataset({
      ...this.#init,
      ...changed,
      filePaths: chosen.map((place) => filePaths[place] ?? ""),
      labels: labels && Int32Array.from(chosen, (place) => labels[place] ?? 0),
    });
  }
}

type Loaded = { readonly index: number } & (
  { readonly pixels: Tensor<Float32Array> } | { readonly failed: Unreadable }
);

type Prepare = (source: BytesSource, index: number, epoch: number) => Promise<Tensor<Float32Array>>;

/** What loads and changes a picture: in other threads, as far as they can do it. */
function preparer(init: ImageDatasetInit & { readonly seed: number }): Prepare {
  const { load, augmentations = [], augmentSeed: seed = init.seed, workers = defaultWorkers() } = init;
  const here: Prepare = async (source, index, epoch) =>
    augmentPicture(await load(source), augmentations, { seed, index, epoch });
  const described = augmentations.map(descriptionOf).filter((description) => description !== undefined);
  const canChange = described.length === augmentations.length;
  if (workers === 0 || !canChange || (load.options === undefined && augmentations.length === 0)) return here;
  const task: PictureTask = { load: load.options, augmentations: described, seed };
  return async (source, index, epoch) => {
    // Only what is the same in another thread is sent there.
    const isPlace = load.options !== undefined && typeof source === "string";
    const given = isPlace ? source : await load(source);
    const order = {
      source: typeof given === "string" ? given : { shape: given.shape, data: given.data },
      index,
      epoch,
    };
    const done = await pictureWorkers.run(task, order, workers);
    if (done !== undefined) return new Tensor(done.shape, done.data);
    return typeof given === "string"
      ? here(given, index, epoch)
      : augmentPicture(given, augmentations, { seed, index, epoch });
  };
}

async function* imageBatches(
  init: ImageDatasetInit & { readonly seed: number },
  prepare: Prepare,
  unreadable: Map<number, Unreadable>,
  epoch: number,
): AsyncGenerator<Batch, void, undefined> {
  const { filePaths, strict = false, prefetch = 2, labelMode = "int" } = init;
  const source = init.source ?? ((path: string) => path);
  const single = init.batchSize === null;
  const batchSize = init.batchSize ?? (single ? 1 : 32);

  const load = async (index: number): Promise<Loaded> => {
    const path = filePaths[index] ?? "";
    try {
      return { index, pixels: await prepare(source(path), index, epoch) };
    } catch (error) {
      // A decoder that is not installed is no fault of the picture.
      if (!(error instanceof MobileNetV2Error) || error.code === "MissingError") throw error;
      const named = error.message.includes(path) ? error.message : `${path}: ${error.message}`;
      return { index, failed: { path, error: new MobileNetV2Error(error.code, named, { cause: error }) } };
    }
  };
  const batchOf = (pictures: readonly { readonly index: number; readonly pixels: Tensor<Float32Array> }[]): Batch => {
    const indices = Int32Array.from(pictures, ({ index }) => index);
    const x = stack(pictures.map(({ pixels }) => pixels));
    const y =
      init.labels && labelMode !== null
        ? labelTensor(
            Int32Array.from(indices, (index) => init.labels?.[index] ?? 0),
            labelMode,
            init.classNames?.length,
          )
        : undefined;
    const batch = { x, y, indices };
    return single ? onlySample(batch) : batch;
  };

  const known = unreadable.size;
  let readable = 0;
  let waiting: { readonly index: number; readonly pixels: Tensor<Float32Array> }[] = [];
  const window = Math.max(1, (prefetch + 1) * batchSize);
  // Threads are given all that they may do: while a model learns, nobody comes to give them more.
  const concurrency = (init.workers ?? defaultWorkers()) > 0 ? window : 2 * defaultCores() + 2;
  for await (const one of ahead(orderOf(init, epoch), load, { concurrency, window })) {
    if ("failed" in one) {
      if (strict) throw one.failed.error;
      unreadable.set(one.index, one.failed);
      continue;
    }
    readable++;
    waiting.push(one);
    if (waiting.length === batchSize) {
      yield batchOf(waiting);
      waiting = [];
    }
  }
  if (waiting.length > 0) yield batchOf(waiting);
  const all = [...unreadable.values()];
  if (readable === 0 && all[0] !== undefined) {
    throw new MobileNetV2Error(
      all[0].error.code,
      `None of the ${filePaths.length} pictures could be read. The first: ${messageOf(all[0].error)}`,
      { cause: all[0].error },
    );
  }
  if (all.length > known) warn(unreadableText(all, filePaths.length));
}

/** Which pictures, one after the other. */
function orderOf(init: ImageDatasetInit & { readonly seed: number }, epoch: number): Iterable<number> {
  const count = init.filePaths.length;
  if (init.shuffle === false) return Array.from({ length: count }, (_, index) => index);
  return new RandomState(fnv1a32(`${init.seed}/epoch/${epoch}`)).permutation(count);
}

/** What is said of pictures that are left out. */
export function unreadableText(all: readonly Unreadable[], count: number): string {
  const named = all.slice(0, NAMED).map(({ error }) => `  ${error.message}`);
  const more = all.length > NAMED ? [`  … and ${all.length - NAMED} more`] : [];
  return [`${all.length} of ${count} pictures could not be read and are left out:`, ...named, ...more].join("\n");
}
