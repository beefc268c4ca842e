/** What to classify with: a model and its weights, the names of its classes, and how it wants its pictures. */
import {
  type BytesSource,
  MobileNetV2,
  MobileNetV2Error,
  NSFWJS_CLASSES,
  type Tensor,
  imagenetClasses,
  loadImg,
  readCheckpoint,
} from "../index.ts";
import { inputOf } from "./checkpoints/facts.ts";
import type { Loading } from "./terminal/download-bar.ts";
import { type Labels, readLabels } from "./labels.ts";
import { namedError } from "./named-error.ts";
import { NSFWJS_SIZE, nsfwjsFolder, nsfwjsInput } from "./nsfwjs.ts";
import {
  type OpenedModel,
  checkpointAt,
  inputShapeOf,
  openModel,
  outputShapeOf,
  recognizedIn,
} from "./opened-model.ts";
import { DEFAULT_SIZE, type PictureFormat, pictureFormat, pictureTensor } from "./picture-input.ts";
import type { PreparationOptions } from "./preparation.ts";
import { answersWithLogits, softmax } from "./scores.ts";

export interface ClassifierOptions extends PreparationOptions {
  readonly weights?: string;
  readonly alpha?: number;
  readonly size?: number;
  readonly labels?: string;
}

export interface Loaded {
  readonly name: string;
  readonly model: OpenedModel;
  /** Undefined where the model is no MobileNetV2 that we know. */
  readonly alpha: number | undefined;
  /** Rows and columns of the pictures; both, where they differ. */
  readonly size: number | readonly [rows: number, cols: number];
  readonly labels: Labels;
  /** The scores of the classes for one picture: [1, classes]. */
  scores(input: Tensor): Promise<Tensor>;
  dispose(): void;
}

/** Pictures can be prepared while the model loads. */
export interface Classifier {
  /** `imagenet`, `nsfwjs`, or the file or address. */
  readonly weights: string;
  /** Settles when it is known how pictures are wanted: where only the file says it, `load` is to be called. Never rejects. */
  readonly known: Promise<unknown>;
  prepare(picture: BytesSource): Promise<Tensor>;
  load(loading: Loading): Promise<Loaded>;
}

/** The classifier that the options ask for; nothing is loaded yet. */
export function classifierFor(options: ClassifierOptions): Classifier {
  const { weights = "imagenet" } = options;
  if (weights === "imagenet") return imagenetClassifier(options);
  return weights === "nsfwjs" ? nsfwjsClassifier(options) : new FileClassifier(weights, options);
}

function imagenetClassifier({ alpha = 1, size = DEFAULT_SIZE, labels, ...how }: ClassifierOptions): Classifier {
  const format = pictureFormat([size, size, 3], undefined, size, how);
  return {
    weights: "imagenet",
    known: Promise.resolve(),
    prepare: (picture) => pictureTensor(picture, format),
    async load(loading) {
      const names = (await labelsOf(labels)) ?? imagenetClasses();
      checkCount(names, imagenetClasses().length);
      return loadedOf(await MobileNetV2({ alpha, inputShape: [size, size, 3], ...loading }), {
        alpha,
        size,
        labels: names,
      });
    },
  };
}

function nsfwjsClassifier(options: ClassifierOptions): Classifier {
  const { alpha = 1, size = NSFWJS_SIZE, labels, interpolation, recipe, resize, crop, asStored = false } = options;
  if (recipe !== undefined || resize !== undefined || crop !== undefined) {
    throw new MobileNetV2Error(
      "ValueError",
      "The weights `nsfwjs` are for pictures as nsfwjs prepares them: squeezed. --recipe, --resize and --crop do not go with them.",
    );
  }
  if (alpha !== 1 || size !== NSFWJS_SIZE) {
    throw new MobileNetV2Error(
      "ValueError",
      `The weights \`nsfwjs\` are of alpha 1 and size ${NSFWJS_SIZE}. Received: alpha=${alpha}, size=${size}`,
    );
  }
  return {
    weights: "nsfwjs",
    known: Promise.resolve(),
    async prepare(picture) {
      const targetSize = interpolation === undefined ? null : ([size, size] as const);
      return nsfwjsInput(await loadImg(picture, { targetSize, interpolation, autoOrient: !asStored }));
    },
    async load({ signal }) {
      const names = (await labelsOf(labels)) ?? NSFWJS_CLASSES;
      checkCount(names, NSFWJS_CLASSES.length);
      const model = await openModel(await readCheckpoint(nsfwjsFolder(), { signal }), {});
      return loadedOf(model, { alpha, size, labels: names });
    },
  };
}

/** A checkpoint of any format: it says how large pictures are and how they are scaled, and perhaps what its classes are called. */
class FileClassifier implements Classifier {
  readonly weights: string;
  readonly known: Promise<unknown>;
  readonly #options: ClassifierOptions;
  readonly #format: Promise<PictureFormat>;
  #know: (format: PictureFormat) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(source: string, options: ClassifierOptions) {
    this.weights = source;
    this.#options = options;
    this.#format = new Promise((resolve, reject) => {
      this.#know = resolve;
      this.#fail = reject;
    });
    // Whoever loads sees the error.
    this.known = this.#format.catch(() => undefined);
  }

  async prepare(picture: BytesSource): Promise<Tensor> {
    return pictureTensor(picture, await this.#format);
  }

  async load(loading: Loading): Promise<Loaded> {
    try {
      return await this.#load(loading);
    } catch (error) {
      const named = namedError(error, this.weights);
      this.#fail(named);
      throw named;
    }
  }

  async #load(loading: Loading): Promise<Loaded> {
    const { weights: _, alpha, size, labels, ...how } = this.#options;
    const checkpoint = await checkpointAt(this.weights, loading);
    const described = checkpoint.model && inputOf(checkpoint.model);
    if (described !== undefined) this.#know(pictureFormat(described, checkpoint.preprocessing, size, how));
    const model = await openModel(checkpoint, { alpha, size });
    const format = pictureFormat(inputShapeOf(model), checkpoint.preprocessing, size, how);
    this.#know(format);
    const names = await labelsOf(labels);
    const classes = classCountOf(model);
    if (names !== undefined) checkCount(names, classes);
    return loadedOf(model, {
      alpha: recognizedIn(checkpoint)?.alpha,
      size: format.rows === format.cols ? format.rows : [format.rows, format.cols],
      labels: names ?? ownLabels(model.classNames, classes),
    });
  }
}

function loadedOf(model: OpenedModel, facts: Pick<Loaded, "alpha" | "size" | "labels">): Loaded {
  const areLogits = answersWithLogits(model.output);
  return {
    name: model.name,
    model,
    ...facts,
    async scores(input) {
      const [answer, ...more] = await model.predictAll(input);
      if (answer === undefined || more.length > 0) {
        throw new MobileNetV2Error("ValueError", `Model '${model.name}' has ${more.length + 1} outputs, not one.`);
      }
      const rows = answer.reshape([1, answer.size]);
      return areLogits ? softmax(rows) : rows;
    },
    dispose: () => model.dispose(),
  };
}

/** The length of the answer. @throws ValueError where it is a map of features, or a vector of them. */
function classCountOf(model: OpenedModel): number {
  const shape = outputShapeOf(model);
  const classes = shape.at(-1);
  if (typeof classes === "number" && shape.slice(0, -1).every((axis) => axis === 1) && !isVectorOfFeatures(model)) {
    return classes;
  }
  throw new MobileNetV2Error(
    "ValueError",
    `The model has no classifier: it answers with features of shape (${shape.map((axis) => axis ?? "any").join(", ")}).`,
  );
}

/** What pooling makes is no classifier's answer. */
function isVectorOfFeatures({ output }: OpenedModel): boolean {
  return output.node.layer.className.startsWith("Global");
}

const BACKGROUND = "background";

/** The file's names; or ImageNet's where it has as many classes, or one more, which Google's models have first; or numbers. */
function ownLabels(names: readonly string[] | undefined, classes: number): Labels {
  if (names?.length === classes) return names;
  const imagenet = imagenetClasses();
  if (classes === imagenet.length) return imagenet;
  if (classes === imagenet.length + 1) return [BACKGROUND, ...imagenet];
  return Array.from({ length: classes }, (_, index) => `class ${index}`);
}

async function labelsOf(path: string | undefined): Promise<Labels | undefined> {
  return path === undefined ? undefined : readLabels(path);
}

function checkCount(labels: Labels, classes: number): void {
  if (labels.length !== classes) {
    throw new MobileNetV2Error(
      "ValueError",
      `--labels names ${labels.length} classes, but the weights are for ${classes}.`,
    );
  }
}
