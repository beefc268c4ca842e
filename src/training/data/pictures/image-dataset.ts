/** Data sets of pictures, which are read, decoded and resized in advance, in an order that the seed determines (tf.data.Dataset). */
import { defaultCores, warn } from "#platform";
import { MobileNetV2Error, messageOf, valueError } from "../../../core/errors.ts";
import { frozen } from "../../../core/frozen.ts";
import { FLAG, FUNCTION, NUMBER, NUMBERS, TEXTS, check, orNull, whole } from "../../../core/kinds.ts";
import { type Names, checkOptions } from "../../../core/options.ts";
import { fnv1a32 } from "../../../core/random.ts";
import { Tensor, stack } from "../../../core/tensor.ts";
import type { BytesSource } from "../../../platform/contract.ts";
import { mapAhead } from "./ahead.ts";
import type { Augmentation } from "../augmentation/augment.ts";
import { descriptionOf } from "../augmentation/augmentation-of.ts";
import { type Batch, onlySample } from "../batch.ts";
import { AUGMENTATIONS, type AugmentOptions, Dataset } from "../dataset.ts";
import { gatherRows } from "../rows.ts";
import {
  type LabelMode,
  type PictureLabels,
  checkLabelForm,
  checkLabelMode,
  labelTensor,
  labelsOf,
} from "./label-mode.ts";
import type { LoadPicture } from "./load-pixels.ts";
import { RandomState } from "./mt19937.ts";
import { type PictureTask, augmentPicture } from "./picture-work.ts";
import { defaultWorkers, pictureWorkers } from "./picture-workers.ts";

/** The options of data sets of pictures, wherever the pictures come from. */
export interface ImageDatasetOptions {
  /** The number of pictures in a batch; null gives them one by one, without a batch axis. Default: 32. */
  readonly batchSize?: number | null | undefined;
  /** Whether to shuffle the pictures, differently in every epoch. Default: true. */
  readonly shuffle?: boolean | undefined;
  /** The seed of shuffling and of augmentations. Default: a random one. */
  readonly seed?: number | undefined;
  /** Whether a picture that cannot be read is an error. Default: false, it is left out, and a warning names it once. */
  readonly strict?: boolean | undefined;
  /** The number of batches made in advance. Default: 2. */
  readonly prefetch?: number | undefined;
  /**
   * The number of threads that load and augment pictures; the results do not depend on it. With 0, the calling thread does, beside the
   * decoder's own threads. Default: half the number of cores, at most 4; 0 with one or two cores, and in browsers.
   */
  readonly workers?: number | undefined;
}

/** The names of these options. */
export const IMAGE_DATASET_OPTIONS: Names<ImageDatasetOptions> = {
  batchSize: orNull(whole(1)),
  shuffle: FLAG,
  seed: NUMBER,
  strict: FLAG,
  prefetch: whole(0),
  workers: whole(0, 1024),
};

/** The description of an `ImageDataset`: its pictures, and its options. */
export interface ImageDatasetInit extends ImageDatasetOptions {
  /** The paths of the pictures, or other names for them, which messages use. */
  readonly filePaths: readonly string[];
  /** A function that returns what to read for a path, such as a URL, a `Blob` or bytes. Default: the path itself. */
  readonly source?: ((path: string) => BytesSource) | undefined;
  /**
   * The label of each picture: a class index, or any number, as for regression; or for each picture a list of numbers. Default: no labels.
   */
  readonly labels?: PictureLabels | undefined;
  /** The form of the labels in `y`. Default: `int`, class indices. */
  readonly labelMode?: LabelMode | undefined;
  /** The names of the classes, in the order of the labels. `labelMode: "categorical"` needs them for the number of classes. */
  readonly classNames?: readonly string[] | undefined;
  /** The function that loads a picture, such as one made by `pixelLoader`. */
  readonly load: LoadPicture;
  /** The augmentations, each of which changes pictures one by one, that are applied to loaded pictures. Default: none. */
  readonly augmentations?: readonly Augmentation[] | undefined;
  /** The seed of the augmentations. Default: the data set's seed. */
  readonly augmentSeed?: number | undefined;
}

/** A picture that could not be read. */
export interface Unreadable {
  /** The path of the picture. */
  readonly path: string;
  /** The reason; its message names the path. */
  readonly error: MobileNetV2Error;
}

/** The number of unreadable pictures that a warning names. */
const NAMED = 5;

/**
 * A data set of pictures from files or other sources. Batches have `x` [samples, rows, columns, channels], `y` if there are labels, and
 * `indices` into `filePaths`. `imageDatasetFromDirectory` makes one of a folder.
 */
export class ImageDataset extends Dataset {
  readonly #init: ImageDatasetInit;
  readonly #labels: Tensor | undefined;
  readonly #unreadable: Map<number, Unreadable>;

  /** @throws ValueError for invalid options, or if there is not one label for each picture. */
  constructor(init: ImageDatasetInit) {
    checkOptions("ImageDataset", init, {
      ...IMAGE_DATASET_OPTIONS,
      filePaths: TEXTS,
      source: FUNCTION,
      labels: true,
      labelMode: true,
      classNames: TEXTS,
      load: FUNCTION,
      augmentations: AUGMENTATIONS,
      augmentSeed: NUMBER,
    });
    check("ImageDataset", "filePaths", init.filePaths, TEXTS);
    check("ImageDataset", "load", init.load, FUNCTION);
    checkLabelMode(init.labelMode === undefined ? "int" : init.labelMode);
    const filePaths = frozen(init.filePaths);
    const { batchSize = 32, classNames } = init;
    const labels = init.labels === undefined ? undefined : labelsOf(init.labels);
    if (labels !== undefined) {
      const count = labels.shape[0] ?? 0;
      if (count !== filePaths.length) throw valueError(`There are ${count} labels for ${filePaths.length} pictures.`);
      checkLabelForm(labels, init.labelMode ?? null, classNames?.length);
    }
    const unreadable = new Map<number, Unreadable>();
    const seed = init.seed ?? Math.floor(Math.random() * 1e6);
    const own = { ...init, filePaths, seed };
    const prepare = preparer(own);
    super((epoch) => imageBatches(own, labels, prepare, unreadable, epoch), {
      cardinality: Math.ceil(filePaths.length / (batchSize ?? 1)),
      size: filePaths.length,
      deterministic: (init.augmentations ?? []).length === 0,
      batched: batchSize !== null,
      classNames,
      filePaths,
    });
    this.#init = own;
    this.#labels = labels;
    this.#unreadable = unreadable;
  }

  /**
   * A copy of the labels of the pictures, in the order of `filePaths`: class indices or other numbers, or the numbers of all lists, one list
   * after the other; undefined if there are no labels.
   */
  get labels(): Int32Array | Float32Array | undefined {
    const data = this.#labels?.data.slice();
    return data instanceof Uint8Array ? undefined : data;
  }

  /** The pictures that could not be read in the epochs so far. */
  get unreadable(): readonly Unreadable[] {
    return [...this.#unreadable.entries()].toSorted(([a], [b]) => a - b).map(([, one]) => one);
  }

  /**
   * The data set with its pictures changed at random by augmentations, applied in their order. Those that change pictures one by one run in
   * advance, and in other threads. The default of `seed` is the seed of the data set.
   */
  override augment(augmentations: readonly Augmentation[], options: AugmentOptions = {}): Dataset {
    check("augment()", "augmentations", augmentations, AUGMENTATIONS);
    checkOptions("augment()", options, { seed: NUMBER });
    const seed = options.seed ?? this.#init.seed;
    const isFirst = this.#init.augmentations === undefined;
    return isFirst && augmentations.every(({ isPerPicture }) => isPerPicture === true)
      ? new ImageDataset({ ...this.#init, augmentations, augmentSeed: seed })
      : super.augment(augmentations, { seed });
  }

  /** A data set of the same pictures with other options. */
  with(changed: ImageDatasetOptions): ImageDataset {
    checkOptions("with()", changed, IMAGE_DATASET_OPTIONS);
    return new ImageDataset({ ...this.#init, ...changed });
  }

  /**
   * A data set of some of the pictures, by their indices in `filePaths`, for instance one part of a `stratifiedSplit`; `changed` overrides
   * options. @throws ValueError for an index out of range.
   */
  select(indices: ArrayLike<number>, changed: ImageDatasetOptions = {}): ImageDataset {
    check("select()", "indices", indices, NUMBERS);
    checkOptions("select()", changed, IMAGE_DATASET_OPTIONS);
    const chosen = Array.from(indices);
    const { filePaths } = this.#init;
    const outside = chosen.find((index) => filePaths[index] === undefined);
    if (outside !== undefined) throw valueError(`There are ${filePaths.length} pictures, and none at ${outside}.`);
    return new ImageDataset({
      ...this.#init,
      ...changed,
      filePaths: chosen.map((index) => filePaths[index] ?? ""),
      labels: this.#labels && gatherRows(this.#labels, chosen),
    });
  }
}

type Loaded = { readonly index: number } & (
  { readonly pixels: Tensor<Float32Array> } | { readonly failed: Unreadable }
);

type Prepare = (source: BytesSource, index: number, epoch: number) => Promise<Tensor<Float32Array>>;

/** The function that loads and augments a picture, in other threads if they can do it. */
function preparer(init: ImageDatasetInit & { readonly seed: number }): Prepare {
  const { load, augmentations = [], augmentSeed: seed = init.seed, workers = defaultWorkers() } = init;
  const here: Prepare = async (source, index, epoch) =>
    augmentPicture(await load(source), augmentations, { seed, index, epoch });
  const described = augmentations.map(descriptionOf).filter((description) => description !== undefined);
  const canChange = described.length === augmentations.length;
  if (workers === 0 || !canChange || (load.options === undefined && augmentations.length === 0)) return here;
  const task: PictureTask = { load: load.options, augmentations: described, seed };
  return async (source, index, epoch) => {
    // Only a path can be read in another thread; other sources are loaded here, and their pixels sent.
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
  labels: Tensor | undefined,
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
      // A missing decoder is not the picture's fault.
      if (!(error instanceof MobileNetV2Error) || error.code === "MissingError") throw error;
      const named = error.message.includes(path) ? error.message : `${path}: ${error.message}`;
      return { index, failed: { path, error: new MobileNetV2Error(error.code, named, { cause: error }) } };
    }
  };
  const batchOf = (pictures: readonly { readonly index: number; readonly pixels: Tensor<Float32Array> }[]): Batch => {
    const indices = Int32Array.from(pictures, ({ index }) => index);
    const x = stack(pictures.map(({ pixels }) => pixels));
    const y =
      labels && labelMode !== null
        ? labelTensor(gatherRows(labels, indices), labelMode, init.classNames?.length)
        : undefined;
    const batch = { x, y, indices };
    return single ? onlySample(batch) : batch;
  };

  const known = unreadable.size;
  let readable = 0;
  let waiting: { readonly index: number; readonly pixels: Tensor<Float32Array> }[] = [];
  const window = Math.max(1, (prefetch + 1) * batchSize);
  // Threads get all their work at once: during a training step, this thread cannot give them more.
  const concurrency = (init.workers ?? defaultWorkers()) > 0 ? window : 2 * defaultCores() + 2;
  for await (const one of mapAhead(orderOf(init, epoch), load, { concurrency, window })) {
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

/** The indices of the pictures in the order of an epoch. */
function orderOf(init: ImageDatasetInit & { readonly seed: number }, epoch: number): Iterable<number> {
  const count = init.filePaths.length;
  if (init.shuffle === false) return Array.from({ length: count }, (_, index) => index);
  return new RandomState(fnv1a32(`${init.seed}/epoch/${epoch}`)).permutation(count);
}

/** The warning about pictures that are left out. */
export function unreadableText(all: readonly Unreadable[], count: number): string {
  const named = all.slice(0, NAMED).map(({ error }) => `  ${error.message}`);
  const more = all.length > NAMED ? [`  … and ${all.length - NAMED} more`] : [];
  return [`${all.length} of ${count} pictures could not be read and are left out:`, ...named, ...more].join("\n");
}
