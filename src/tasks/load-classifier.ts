/** How a classifier is loaded: with ImageNet's weights, from a checkpoint of any format, or as the preset of nsfwjs. */
import { LABELS, imagenetClasses } from "../applications/class-names.ts";
import { MobileNetV2 } from "../applications/mobilenet-v2.ts";
import { show, valueError } from "../core/errors.ts";
import { FUNCTION, type Kind, NUMBER, PIXELS, SCALING, SIGNAL, SOURCE, whole } from "../core/kinds.ts";
import { type Names, checkOptions } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { readCheckpoint } from "../models/files/load-model.ts";
import type { ThreadOptions } from "../models/threads.ts";
import type { BytesSource, FilesSource } from "../platform/contract.ts";
import { NSFWJS_CLASSES } from "../saving/nsfwjs/classes.ts";
import { type Classifier, type ClassifierOutput, LoadedClassifier } from "./classifier.ts";
import { nameOf, namedError } from "./errors.ts";
import { type Labels, type LabelsSource, checkLabelCount, givenLabels, ownLabels } from "./labels.ts";
import { NSFWJS_SIZE, checkNsfwjsOptions, prepareForNsfwjs } from "./nsfwjs.ts";
import {
  type LoadingOptions,
  type OpenedModel,
  describedInput,
  inputShapeOf,
  modelOfCheckpoint,
  outputShapeOf,
  recognizedIn,
} from "./opened-model.ts";
import {
  DEFAULT_SIZE,
  type PictureFormat,
  pictureFormat,
  preparePicture,
  preprocessingIn,
  publishedFormat,
} from "./picture-format.ts";
import { PREPARATION_OPTIONS, type PreparationOptions } from "./preparation.ts";
import { type Pixels, scalingOf } from "./pixels.ts";
import { checkPublished } from "./published.ts";
import { answersWithProbabilities } from "./scores.ts";

/** The options of `planClassifier`. */
export interface ClassifierOptions extends PreparationOptions, ThreadOptions {
  /**
   * `"imagenet"`, or a checkpoint of any format: a path, a folder, an address, bytes, a File, or the files of a folder that a user chose.
   * Default: `"imagenet"`.
   */
  readonly weights?: FilesSource | undefined;
  /**
   * `"nsfwjs"` if `weights` is the MobileNetV2 of the npm package nsfwjs: pictures are then prepared as that package does, and the classes
   * have its names. Default: none, pictures are prepared as the checkpoint says.
   */
  readonly preset?: "nsfwjs" | undefined;
  /** The width multiplier. Default: the checkpoint's; 1 for ImageNet weights. */
  readonly alpha?: number | undefined;
  /** The height and width of pictures, in pixels, if the checkpoint leaves them open. Default: 224. */
  readonly size?: number | undefined;
  /** The scaling of pixels that the model was trained with, in place of the file's: `"-1..1"`, `"0..1"`, `"0..255"`, `"torch"`, or `{ scale, offset }`. Default: the file's, else `"-1..1"`. */
  readonly pixels?: Pixels | undefined;
  /** The names of the classes, or a file that has them, as `readLabels` reads it. Default: the checkpoint's, else ImageNet's, else numbers. */
  readonly labels?: LabelsSource | undefined;
}

/** The options of `loadClassifier`. */
export interface LoadClassifierOptions extends ClassifierOptions, LoadingOptions {}

/** A classifier that is not loaded yet. Pictures can be prepared while it loads. */
export interface ClassifierPlan {
  /** The source of the weights: `imagenet`, `nsfwjs`, the path or URL of a checkpoint, or `bytes`. */
  readonly weights: string;
  /** Resolves once the format of pictures is known, and never rejects. If only the file tells the format, call `load` first. */
  readonly known: Promise<unknown>;
  /** A picture as the model takes it: [rows, cols, channels]. Waits for `known`. @throws what `loadImg` throws. */
  prepare(picture: BytesSource): Promise<Tensor>;
  /** Loads the classifier. @throws what reading a checkpoint throws; ValueError if it has no classifier, or the options do not fit it. */
  load(loading?: LoadingOptions): Promise<Classifier>;
}

const LABELS_SOURCE: Kind = [
  "a list of names, or a file that has them",
  (value) => LABELS[1](value) || SOURCE[1](value),
];

const CLASSIFIER_OPTIONS: Names<ClassifierOptions> = {
  ...PREPARATION_OPTIONS,
  weights: SOURCE,
  preset: true,
  alpha: NUMBER,
  size: PIXELS,
  pixels: SCALING,
  labels: LABELS_SOURCE,
  threads: whole(1),
};

/**
 * Loads a classifier: with ImageNet's weights, which are downloaded into Keras's cache if they are not there, or with a checkpoint of any
 * format.
 *
 * @throws ValueError if the options do not fit one another or the checkpoint, or that has no classifier; FormatError, UnsupportedError,
 *   IOError, NetworkError, LimitError if it cannot be read.
 */
export async function loadClassifier(options: LoadClassifierOptions = {}): Promise<Classifier> {
  checkOptions("loadClassifier()", options, { ...CLASSIFIER_OPTIONS, signal: SIGNAL, onProgress: FUNCTION });
  const { signal, onProgress, ...what } = options;
  return planClassifier(what).load({ signal, onProgress });
}

/** Plans a classifier, to load it later or while pictures are prepared. @throws ValueError if the options contradict each other. */
export function planClassifier(options: ClassifierOptions = {}): ClassifierPlan {
  checkOptions("planClassifier()", options, CLASSIFIER_OPTIONS);
  if (options.preset !== undefined) return nsfwjsClassifier(options);
  const { weights = "imagenet" } = options;
  return weights === "imagenet" ? imagenetClassifier(options) : new FileClassifier(weights, options);
}

function imagenetClassifier(options: ClassifierOptions): ClassifierPlan {
  const { weights: _, preset: _preset, alpha = 1, size = DEFAULT_SIZE, labels, threads, ...how } = options;
  checkPublished(alpha, size);
  const format = publishedFormat(pictureFormat([size, size, 3], { ...how, size }));
  const { pixels } = format;
  const prepare = (picture: BytesSource): Promise<Tensor> => preparePicture(picture, format);
  return {
    weights: "imagenet",
    known: Promise.resolve(),
    prepare,
    async load(loading = {}) {
      const names = (await givenLabels(labels)) ?? imagenetClasses();
      checkLabelCount(names, imagenetClasses().length);
      const model = await MobileNetV2({ alpha, inputShape: [size, size, 3], threads, ...loading });
      return new LoadedClassifier(model, { weights: "imagenet", alpha, size, pixels, labels: names, prepare });
    },
  };
}

function nsfwjsClassifier(options: ClassifierOptions): ClassifierPlan {
  const { weights: source, labels, threads, preset } = options;
  if (preset !== "nsfwjs") throw valueError(`There is one preset, nsfwjs. Received: preset=${show(preset)}`);
  if (source === undefined) {
    throw valueError("The preset nsfwjs needs `weights`: where the model of the npm package nsfwjs is.");
  }
  checkNsfwjsOptions(options);
  const prepare = (picture: BytesSource): Promise<Tensor> => prepareForNsfwjs(picture, options);
  return {
    weights: preset,
    known: Promise.resolve(),
    prepare,
    async load(loading = {}) {
      const names = (await givenLabels(labels)) ?? NSFWJS_CLASSES;
      checkLabelCount(names, NSFWJS_CLASSES.length);
      const model = await modelOfCheckpoint(await readCheckpoint(source, loading), {}, threads);
      return new LoadedClassifier(model, {
        weights: preset,
        alpha: 1,
        size: NSFWJS_SIZE,
        pixels: { ...scalingOf("0..1"), source: "published" },
        labels: names,
        prepare,
      });
    },
  };
}

/** A checkpoint of any format: it says how large pictures are and how they are scaled, and perhaps what its classes are called. */
class FileClassifier implements ClassifierPlan {
  readonly weights: string;
  readonly known: Promise<unknown>;
  readonly #source: FilesSource;
  readonly #options: ClassifierOptions;
  readonly #format: Promise<PictureFormat>;
  #know: (format: PictureFormat) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(source: FilesSource, options: ClassifierOptions) {
    this.weights = nameOf(source) ?? "bytes";
    this.#source = source;
    this.#options = options;
    this.#format = new Promise((resolve, reject) => {
      this.#know = resolve;
      this.#fail = reject;
    });
    // Whoever loads sees the error.
    this.known = this.#format.catch(() => undefined);
  }

  async prepare(picture: BytesSource): Promise<Tensor> {
    return preparePicture(picture, await this.#format);
  }

  async load(loading: LoadingOptions = {}): Promise<Classifier> {
    try {
      return await this.#load(loading);
    } catch (error) {
      const named = namedError(error, nameOf(this.#source));
      this.#fail(named);
      throw named;
    }
  }

  async #load(loading: LoadingOptions): Promise<Classifier> {
    const { weights: _, preset: _preset, alpha, size, labels, threads, ...how } = this.#options;
    const checkpoint = await readCheckpoint(this.#source, loading);
    const wanted = { ...how, size, preprocessing: checkpoint.preprocessing };
    const described = checkpoint.model && describedInput(checkpoint.model);
    if (described !== undefined) this.#know(pictureFormat(described, wanted));
    const model = await modelOfCheckpoint(checkpoint, { alpha, size }, threads);
    try {
      const format = pictureFormat(inputShapeOf(model), wanted);
      model.preprocessing = preprocessingIn(format);
      this.#know(format);
      const names = await givenLabels(labels);
      const outputs = model.outputs.length > 1 ? outputsOf(model, names) : undefined;
      return new LoadedClassifier(model, {
        weights: this.weights,
        alpha: recognizedIn(checkpoint)?.alpha,
        size: format.rows === format.cols ? format.rows : [format.rows, format.cols],
        pixels: format.pixels,
        outputs,
        labels: outputs === undefined ? labelsFor(model, names) : (outputs.find((one) => one.labels)?.labels ?? []),
        prepare: (picture) => preparePicture(picture, format),
      });
    } catch (error) {
      model.dispose();
      throw error;
    }
  }
}

/** The given names of the classes, or those that the model goes with. @throws ValueError if the model has no classifier, or other classes. */
function labelsFor(model: OpenedModel, names: Labels | undefined): Labels {
  const classes = classCountOf(model);
  if (names !== undefined) checkLabelCount(names, classes);
  return names ?? ownLabels(model.classNames, classes);
}

/** Several outputs. The names are those of the first classes; other classes have numbers. @throws ValueError if there are other classes. */
function outputsOf(model: OpenedModel, names: Labels | undefined): readonly ClassifierOutput[] {
  const counts = model.outputs.map((output) =>
    answersWithProbabilities(output) ? classesIn(output.shape.slice(1)) : undefined,
  );
  const first = counts.findIndex((count) => count !== undefined);
  if (names !== undefined) checkLabelCount(names, counts[first] ?? 0);
  return model.outputs.map(({ node }, i) => {
    const count = counts[i];
    const own = i === first ? model.classNames : undefined;
    const labels = count === undefined ? undefined : i === first && names ? names : ownLabels(own, count);
    return { name: node.layer.name, labels };
  });
}

/** The number of classes, if an answer of a shape is one number for each. */
function classesIn(shape: Shape): number | undefined {
  const classes = shape.at(-1);
  return typeof classes === "number" && shape.slice(0, -1).every((axis) => axis === 1) ? classes : undefined;
}

/** How many classes the model answers with. @throws ValueError if it answers with a map of features, or a vector of them. */
function classCountOf(model: OpenedModel): number {
  const shape = outputShapeOf(model);
  const classes = classesIn(shape);
  if (classes !== undefined && !isVectorOfFeatures(model)) return classes;
  throw valueError(
    `The model has no classifier: it answers with features of shape (${shape.map((axis) => axis ?? "any").join(", ")}).`,
  );
}

/** What pooling makes is no classifier's answer. */
function isVectorOfFeatures({ output }: OpenedModel): boolean {
  return output.node.layer.className.startsWith("Global");
}
