/** What to classify with: a model and its weights, the names of its classes, and how it wants its pictures. */
import { readBytes } from "#platform";
import {
  type BytesSource,
  type Interpolation,
  MobileNetV2,
  MobileNetV2Error,
  type Model,
  NSFWJS_CLASSES,
  type Progress,
  type Tensor,
  classCount,
  imgToArray,
  loadImg,
  preprocessInput,
} from "../index.ts";
import { type Labels, readLabels } from "./labels.ts";
import { NSFWJS_SIZE, nsfwjsInput, nsfwjsModel } from "./nsfwjs.ts";

export interface ClassifierOptions {
  readonly weights?: string;
  readonly alpha?: number;
  readonly size?: number;
  readonly labels?: string;
  readonly interpolation?: Interpolation;
}

export interface Loading {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface Loaded {
  readonly model: Model;
  readonly classes: number;
  /** Undefined where they are ImageNet's. */
  readonly labels: Labels | undefined;
}

/** Pictures can be prepared before or while the model loads. */
export interface Classifier {
  /** `imagenet`, `nsfwjs`, or the file or address. */
  readonly weights: string;
  readonly alpha: number;
  readonly size: number;
  prepare(picture: BytesSource): Promise<Tensor>;
  load(loading: Loading): Promise<Loaded>;
}

const IMAGENET_CLASSES = 1000;
const MAX_WEIGHTS_BYTES = 2 ** 30;

/** The classifier that the options ask for; nothing is loaded yet. */
export function classifierFor(options: ClassifierOptions): Classifier {
  const { weights = "imagenet", alpha = 1, size = 224, labels } = options;
  if (weights === "nsfwjs") return nsfwjsClassifier(options);
  const architecture = { alpha, inputShape: [size, size, 3] };
  return {
    weights,
    alpha,
    size,
    prepare: (picture) => prepareAsKeras(picture, size, options.interpolation),
    load: (loading) =>
      weights === "imagenet"
        ? loadImagenet(architecture, labels, loading)
        : loadFile(weights, architecture, labels, loading),
  };
}

interface Architecture {
  readonly alpha: number;
  readonly inputShape: readonly number[];
}

async function loadImagenet(
  architecture: Architecture,
  labelsPath: string | undefined,
  loading: Loading,
): Promise<Loaded> {
  const labels = await labelsOf(labelsPath);
  checkCount(labels, IMAGENET_CLASSES);
  return { model: await MobileNetV2({ ...architecture, ...loading }), classes: IMAGENET_CLASSES, labels };
}

async function loadFile(
  source: string,
  architecture: Architecture,
  labelsPath: string | undefined,
  { signal, onProgress }: Loading,
): Promise<Loaded> {
  const bytes = await readBytes(source, {
    maxBytes: MAX_WEIGHTS_BYTES,
    signal,
    // Files are at hand: only what comes over the network has a progress to show.
    onProgress: /^https?:/i.test(source) ? onProgress : undefined,
  });
  const labels = await labelsOf(labelsPath);
  try {
    const classes = classCount(bytes) ?? labels?.length ?? IMAGENET_CLASSES;
    checkCount(labels, classes);
    const model = await MobileNetV2({ ...architecture, classes, weights: bytes });
    const numbered = Array.from({ length: classes }, (_, index) => `class ${index}`);
    return { model, classes, labels: labels ?? (classes === IMAGENET_CLASSES ? undefined : numbered) };
  } catch (error) {
    // The library was given bytes, and could not name what they are from.
    if (!(error instanceof MobileNetV2Error)) throw error;
    throw new MobileNetV2Error(error.code, `${source}: ${error.message}`, { cause: error });
  }
}

function nsfwjsClassifier({
  alpha = 1,
  size = NSFWJS_SIZE,
  labels: path,
  interpolation,
}: ClassifierOptions): Classifier {
  if (alpha !== 1 || size !== NSFWJS_SIZE) {
    throw new MobileNetV2Error(
      "ValueError",
      `The weights \`nsfwjs\` are of alpha 1 and size ${NSFWJS_SIZE}. Received: alpha=${alpha}, size=${size}`,
    );
  }
  return {
    weights: "nsfwjs",
    alpha,
    size,
    async prepare(picture) {
      const targetSize = interpolation === undefined ? null : ([size, size] as const);
      return nsfwjsInput(await loadImg(picture, { targetSize, interpolation, autoOrient: true }));
    },
    async load() {
      const labels = (await labelsOf(path)) ?? NSFWJS_CLASSES;
      checkCount(labels, NSFWJS_CLASSES.length);
      return { model: await nsfwjsModel(), classes: labels.length, labels };
    },
  };
}

async function prepareAsKeras(
  picture: BytesSource,
  size: number,
  // Keras's own default is nearest, which costs accuracy; it has this one in its data sets.
  interpolation: Interpolation = "bilinear",
): Promise<Tensor> {
  return preprocessInput(
    imgToArray(await loadImg(picture, { targetSize: [size, size], interpolation, autoOrient: true })),
  );
}

async function labelsOf(path: string | undefined): Promise<Labels | undefined> {
  return path === undefined ? undefined : readLabels(path);
}

function checkCount(labels: Labels | undefined, classes: number): void {
  if (labels !== undefined && labels.length !== classes) {
    throw new MobileNetV2Error(
      "ValueError",
      `--labels names ${labels.length} classes, but the weights are for ${classes}.`,
    );
  }
}
