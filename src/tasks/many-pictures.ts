/** Going through many pictures: decoded ahead in batches, those that cannot be read left out or an error, until a signal. */
import { FLAG, FUNCTION, type Kind, NUMBERS, SIGNAL, TEXTS, check } from "../core/kinds.ts";
import { checkOptions, type Names } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { BytesSource } from "../platform/contract.ts";
import { ImageDataset, type Unreadable } from "../training/data/pictures/image-dataset.ts";
import { sliceRows } from "../training/data/rows.ts";
import type { Classifier } from "./classifier.ts";
import { namedError } from "./errors.ts";
import type { Extractor } from "./extractor.ts";
import { nameOfLabel } from "./labels.ts";
import { requireNumbers } from "./scores.ts";
import { Tally } from "./tally.ts";

/** The pictures in a batch: some batches are in memory at once, decoded. */
const BATCH = 8;

/** A function that is not begun any more once the signal is aborted: what comes of many small pieces ends between two of them. */
export function untilAborted<Given, Made>(
  signal: AbortSignal | undefined,
  make: (given: Given) => Promise<Made>,
): (given: Given) => Promise<Made> {
  return async (given) => {
    signal?.throwIfAborted();
    return await make(given);
  };
}

/** What has these methods. */
function doing(what: string, ...methods: readonly string[]): Kind {
  return [
    `a ${what}`,
    (value) => value instanceof Object && methods.every((name) => FUNCTION[1](Reflect.get(value, name))),
  ];
}

/** The options of `extractAll`. */
export interface ManyPicturesOptions {
  /** Whether a picture that cannot be read is an error. Default: false, it is left out with a warning. */
  readonly strict?: boolean | undefined;
  /** A signal that, once aborted, ends the work between two pictures with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of pictures done and the number of all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const OPTIONS: Names<ManyPicturesOptions> = { strict: FLAG, signal: SIGNAL, onProgress: FUNCTION };

/** The result of evaluating a classifier. */
export interface Evaluation {
  /** The counts and accuracies. */
  readonly tally: Tally;
  /** The pictures that could not be read, which are not counted. */
  readonly unreadable: readonly Unreadable[];
}

/** The options of `evaluateClassifier`. */
export interface EvaluateClassifierOptions extends Omit<ManyPicturesOptions, "onProgress"> {
  /** Called with the number of pictures done, the number of all, and the counts so far. */
  readonly onProgress?: ((done: number, total: number, tally: Tally) => void) | undefined;
}

/**
 * Evaluates a classifier on pictures whose classes are known.
 *
 * @param paths the paths or URLs of pictures
 * @param labels the class index of each picture
 * @throws ValueError if there are not as many labels as pictures, or the model answers with NaN or infinity; with `strict`, the error of the first picture that cannot be read.
 */
export async function evaluateClassifier(
  classifier: Classifier,
  paths: readonly string[],
  labels: Int32Array,
  options: EvaluateClassifierOptions = {},
): Promise<Evaluation> {
  check("evaluateClassifier()", "classifier", classifier, doing("classifier", "prepare", "scores"));
  check("evaluateClassifier()", "paths", paths, TEXTS);
  check("evaluateClassifier()", "labels", labels, NUMBERS);
  checkOptions("evaluateClassifier()", options, OPTIONS);
  const { strict, signal, onProgress } = options;
  const load = async (path: BytesSource): Promise<Tensor<Float32Array>> => (await classifier.prepare(path)).toFloat32();
  const pictures = new ImageDataset({
    filePaths: paths,
    labels,
    load: untilAborted(signal, load),
    batchSize: BATCH,
    shuffle: false,
    strict,
  });
  const tally = new Tally(classifier.labels.map(nameOfLabel));
  for await (const { x, y, indices } of pictures) {
    for (const [sample, index] of (indices ?? []).entries()) {
      signal?.throwIfAborted();
      const path = paths[index] ?? "";
      const { data: scores } = await classifier.scores(sliceRows(x, sample, sample + 1)).catch((error: unknown) => {
        throw namedError(error, path);
      });
      tally.add(path, y?.data[sample] ?? 0, scores);
      onProgress?.(index + 1, paths.length, tally);
    }
  }
  return { tally, unreadable: pictures.unreadable };
}

/** The vectors of some pictures. */
export interface VectorBatch {
  /** The indices of the pictures in the list. */
  readonly indices: Int32Array;
  /** The vectors, one for each picture: [pictures, length]. */
  readonly vectors: Tensor<Float32Array>;
}

/** The vectors of many pictures, in the order of the list, made while they are asked for. */
export interface VectorStream extends AsyncIterable<VectorBatch> {
  /** The pictures that could not be read, so far. */
  readonly unreadable: readonly Unreadable[];
}

/**
 * Makes the vectors of pictures, some at a time: memory does not depend on how many there are.
 *
 * @param paths the paths or addresses of pictures
 * @throws ValueError naming the picture if the model answers with NaN or infinity; with `strict`, the error of the first picture that cannot be read, when it is its turn.
 */
export function extractAll(
  extractor: Extractor,
  paths: readonly string[],
  options: ManyPicturesOptions = {},
): VectorStream {
  check("extractAll()", "extractor", extractor, doing("extractor", "prepare", "extract"));
  check("extractAll()", "paths", paths, TEXTS);
  checkOptions("extractAll()", options, OPTIONS);
  const { strict, signal, onProgress } = options;
  const pictures = new ImageDataset({
    filePaths: paths,
    load: untilAborted(signal, (path: BytesSource) => extractor.prepare(path)),
    batchSize: BATCH,
    shuffle: false,
    strict,
  });
  return {
    get unreadable() {
      return pictures.unreadable;
    },
    async *[Symbol.asyncIterator]() {
      for await (const { x, indices = new Int32Array() } of pictures) {
        signal?.throwIfAborted();
        const vectors = await extractor.extract(x);
        for (const [sample, index] of indices.entries()) {
          try {
            requireNumbers(sliceRows(vectors, sample, sample + 1), extractor.facts.model);
          } catch (error) {
            throw namedError(error, paths[index]);
          }
        }
        yield { indices, vectors };
        onProgress?.((indices.at(-1) ?? 0) + 1, paths.length);
      }
    },
  };
}
