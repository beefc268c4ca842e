/** The pictures that `train` learns from: what is in the folder, what of it can be read, and data sets of them. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { valueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import type { BytesSource } from "../../platform/contract.ts";
import { escapedBytes, systemPath } from "../../platform/node/byte-names.ts";
import { untilAborted } from "../../tasks/many-pictures.ts";
import { type Preparation, preparedPixels } from "../../tasks/preparation.ts";
import { ImageDataset } from "../../training/data/pictures/image-dataset.ts";
import { wantedBy } from "../../training/data/pictures/list-images.ts";
import type { LoadPicture } from "../../training/data/pictures/load-pixels.ts";
import { PICTURE_ENDINGS, classesIn, nameWithin } from "../pictures/folder.ts";
import { PictureTree } from "../pictures/tree.ts";
import { pictureCount } from "../terminal/format.ts";
import { progressBar } from "../terminal/progress-bar.ts";

/** The pictures of a folder that has a folder for each class. */
export interface FoundPictures {
  readonly folder: string;
  /** The names of the folders with pictures in them, in alphabetical order, as Keras numbers them. */
  readonly classNames: readonly string[];
  readonly paths: readonly string[];
  readonly labels: Int32Array;
  /** Folders without pictures, which are no classes. */
  readonly empty: readonly string[];
}

/** How many files are looked at together. */
const FILES_AT_ONCE = 64;

/** Finds the pictures of a folder. @throws ValueError if there is nothing to tell apart; IOError if the folder cannot be read. */
export async function findPictures(folder: string): Promise<FoundPictures> {
  const root = folder.length > 1 ? folder.replace(/[/\\]+$/, "") : folder;
  const { paths, labels, classNames: folders } = await classesIn(root);
  if (paths.length === 0) throw await noPictures(root);
  const found = withoutEmpty({ folder: root, classNames: folders.map(escapedBytes), paths, labels, empty: [] });
  if (found.classNames.length > 1) return found;
  const [only = ""] = found.classNames;
  throw valueError(
    `All pictures in ${root} are of one class, ${only}. Give a folder with a folder for each class, two at least.`,
  );
}

async function noPictures(root: string): Promise<Error> {
  const outside = (await new PictureTree(root).walk("", wantedBy(PICTURE_ENDINGS))).length;
  const hint =
    outside === 0
      ? ""
      : ` What lies in the folder itself is of no class (${pictureCount(outside)}): make a folder in it for each class.`;
  return valueError(`No images found in directory ${root}. Pictures end in ${PICTURE_ENDINGS.join(", ")}.${hint}`);
}

/** Leaves out classes that no picture shows. */
function withoutEmpty(found: FoundPictures): FoundPictures {
  const { classNames, labels } = found;
  const used = new Set(labels);
  const kept = classNames.flatMap((name, label) => (used.has(label) ? [{ name, label }] : []));
  const numbers = new Map(kept.map(({ label }, i) => [label, i]));
  return {
    ...found,
    classNames: kept.map(({ name }) => name),
    labels: labels.map((label) => numbers.get(label) ?? 0),
    empty: [...found.empty, ...classNames.filter((_, label) => !used.has(label))],
  };
}

/** What tells a set of pictures from another: names, classes and sizes of files. */
export async function fingerprintOf({ folder, paths, classNames }: FoundPictures): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(classNames));
  for (let from = 0; from < paths.length; from += FILES_AT_ONCE) {
    const some = paths.slice(from, from + FILES_AT_ONCE);
    // oxlint-disable-next-line no-await-in-loop -- so many at once
    const sizes = await Promise.all(
      some.map((path) =>
        stat(systemPath(path)).then(
          ({ size }) => size,
          () => -1,
        ),
      ),
    );
    for (const [i, path] of some.entries()) hash.update(`\n${nameWithin(folder, path)}\0${sizes[i]}`);
  }
  return hash.digest("hex");
}

export interface UnreadablePicture {
  readonly path: string;
  readonly reason: string;
}

/** Pictures that can be read, as the model is to see them. Those that fit are kept in memory once they were decoded. */
export class TrainingPictures {
  readonly found: FoundPictures;
  readonly unreadable: readonly UnreadablePicture[];
  readonly #cache: PixelCache;

  private constructor(found: FoundPictures, unreadable: readonly UnreadablePicture[], cache: PixelCache) {
    this.found = found;
    this.unreadable = unreadable;
    this.#cache = cache;
  }

  /**
   * Reads all pictures once; those that cannot be read are left out, and with them classes that have no others.
   * @throws ValueError if fewer than two classes are left; with `strict`, the first error.
   */
  static async read(
    found: FoundPictures,
    preparation: Preparation,
    { strict, signal }: { readonly strict: boolean; readonly signal: AbortSignal },
  ): Promise<TrainingPictures> {
    const cache = new PixelCache(preparation);
    const load = untilAborted(signal, (picture: BytesSource) => cache.load(picture));
    const all = datasetOf(found, load, { batchSize: READ_AT_ONCE, shuffle: false, strict });
    const bar = progressBar("Reading pictures", (done, total) => `${done} of ${total ?? "?"}`);
    try {
      for await (const { indices } of all) {
        signal.throwIfAborted();
        bar.update((indices?.at(-1) ?? 0) + 1, found.paths.length);
      }
    } finally {
      bar.stop();
    }
    const unreadable = all.unreadable.map(({ path, error }) => ({ path, reason: error.message }));
    const lost = new Set(unreadable.map(({ path }) => path));
    const places = found.paths.flatMap((path, place) => (lost.has(path) ? [] : [place]));
    const rest = withoutEmpty({
      ...found,
      paths: places.map((place) => found.paths[place] ?? ""),
      labels: Int32Array.from(places, (place) => found.labels[place] ?? 0),
    });
    if (rest.classNames.length < 2) {
      throw valueError(
        `All pictures in ${found.folder} that can be read are of one class, ${rest.classNames[0] ?? ""}. Two are needed at least.`,
      );
    }
    return new TrainingPictures(rest, unreadable, cache);
  }

  /** How many pictures each class has among some. */
  counts(places: Int32Array): readonly number[] {
    const counts = this.found.classNames.map(() => 0);
    for (const place of places) {
      const label = this.found.labels[place] ?? 0;
      counts[label] = (counts[label] ?? 0) + 1;
    }
    return counts;
  }

  /** Some of the pictures in batches, by their places. */
  dataset(
    places: Int32Array,
    options: { readonly batchSize: number; readonly shuffle: boolean; readonly seed: number },
  ): ImageDataset {
    return datasetOf(this.found, (picture) => this.#cache.load(picture), options).select(places);
  }
}

const READ_AT_ONCE = 32;

function datasetOf(
  { paths, labels, classNames }: FoundPictures,
  load: LoadPicture,
  options: { readonly batchSize: number; readonly shuffle: boolean; readonly seed?: number; readonly strict?: boolean },
): ImageDataset {
  return new ImageDataset({
    filePaths: paths,
    labels,
    classNames,
    load,
    ...options,
  });
}

/** How many bytes of pixels are kept, each pixel value as one byte: 3,500 pictures of 224 × 224. */
const MOST_KEPT = 2 ** 29;

class PixelCache {
  readonly #preparation: Preparation;
  readonly #kept = new Map<BytesSource, Uint8Array>();
  #bytes = 0;

  constructor(preparation: Preparation) {
    this.#preparation = preparation;
  }

  async load(path: BytesSource): Promise<Tensor<Float32Array>> {
    const { rows, cols } = this.#preparation;
    const kept = this.#kept.get(path);
    if (kept !== undefined) return new Tensor([rows, cols, 3], Float32Array.from(kept));
    const pixels = await preparedPixels(path, this.#preparation);
    if (this.#bytes + pixels.size <= MOST_KEPT && !this.#kept.has(path)) {
      this.#kept.set(path, Uint8Array.from(pixels.data));
      this.#bytes += pixels.size;
    }
    return pixels;
  }
}
