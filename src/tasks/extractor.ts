/** What makes vectors of pictures: a model up to one of its layers, and the mean or the maxima of the map there. */
import { MobileNetV2 } from "../applications/mobilenet-v2.ts";
import { valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import { FUNCTION, NUMBER, PIXELS, SCALING, SIGNAL, TEXT, oneOf } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { Tensor } from "../core/tensor.ts";
import type { KerasTensor } from "../layers/layer.ts";
import { Passing } from "../layers/regularization/passing.ts";
import { readCheckpoint } from "../models/files/load-model.ts";
import type { AnyModel } from "../models/files/model-from-description.ts";
import { Model } from "../models/model.ts";
import { QuantizedModel } from "../models/quantized/quantized-model.ts";
import type { ThreadOptions } from "../models/threads.ts";
import type { BytesSource, FilesSource } from "../platform/contract.ts";
import { nameOf, namedError, option, optionError } from "./errors.ts";
import { type LoadingOptions, inputShapeOf, modelOfCheckpoint } from "./opened-model.ts";
import { DEFAULT_SIZE, type PictureFormat, pictureFormat, preparePicture, publishedFormat } from "./picture-format.ts";
import type { PixelFacts, Pixels } from "./pixels.ts";
import { PREPARATION_OPTIONS, type PreparationOptions } from "./preparation.ts";
import { checkPublished } from "./published.ts";
import { requireNumbers } from "./scores.ts";

/** The pooling of a feature map over rows and columns: `avg` is the mean, `max` the maximum, `none` keeps all values. */
export type VectorPooling = "avg" | "max" | "none";

/** The options of `loadExtractor`. */
export interface ExtractorOptions extends PreparationOptions, ThreadOptions, LoadingOptions {
  /**
   * `"imagenet"`, or a checkpoint of any format: a path, a folder, an address, bytes, a File, or the files of a folder that a user chose.
   * Default: `"imagenet"`.
   */
  readonly weights?: FilesSource | undefined;
  /** The width multiplier. Default: the checkpoint's; 1 for ImageNet weights. */
  readonly alpha?: number | undefined;
  /** The height and width of pictures, in pixels, if the checkpoint leaves them open. Default: 224. */
  readonly size?: number | undefined;
  /** The scaling of pixels that the model was trained with, in place of the file's: `"-1..1"`, `"0..1"`, `"0..255"`, `"torch"`, or `{ scale, offset }`. Default: the file's, else `"-1..1"`. */
  readonly pixels?: Pixels | undefined;
  /** The name of the layer whose output makes the vectors. Default: the last one before the classifier. */
  readonly layer?: string | undefined;
  /** The pooling of a feature map [rows, cols, channels]. Default: `"avg"`. */
  readonly pooling?: VectorPooling | undefined;
}

/** The facts about how vectors were made: vectors with the same facts can be compared. */
export interface ExtractorFacts {
  /** The name of the model. */
  readonly model: string;
  /** The source of the weights: `imagenet`, the path or URL of a checkpoint, or `bytes`. */
  readonly weights: string;
  /** The name of the layer whose output makes the vectors. */
  readonly layer: string;
  readonly pooling: VectorPooling;
  /** The size of pictures, in pixels: [height, width]. */
  readonly size: readonly [rows: number, cols: number];
  /** The scaling of pixels, and where it is known from. */
  readonly pixels: PixelFacts;
  /** How pictures are brought to that size: a plain object that can be written as JSON and compared. */
  readonly preparation: object;
}

/** A model that makes vectors. It holds memory outside of JavaScript's: `dispose()` frees it, as does `using`. */
export interface Extractor extends Disposable {
  readonly facts: ExtractorFacts;
  /** The number of values in a vector. */
  readonly length: number;
  /** A picture as the model takes it: [rows, cols, channels]. @throws what `loadImg` throws. */
  prepare(picture: BytesSource): Promise<Tensor<Float32Array>>;
  /** The vectors of a prepared picture [rows, cols, channels], or of a batch of them, as a tensor [samples, length]. */
  extract(pictures: Tensor): Promise<Tensor<Float32Array>>;
  /** The vector of a picture: `length` numbers. @throws what `loadImg` throws; ValueError if the model answers with NaN or infinity. */
  embed(picture: BytesSource): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Loads a feature extractor, which turns pictures into vectors for search, clustering or a classifier of your own. With ImageNet weights of
 * a width up to 1, a vector has 1,280 values.
 *
 * @throws ValueError if the model has no such layer, the layer's output has no fixed size, the model is quantized, or the options do not
 *   fit; FormatError, UnsupportedError, IOError, NetworkError, LimitError if the checkpoint cannot be read.
 */
export async function loadExtractor(options: ExtractorOptions = {}): Promise<Extractor> {
  checkOptions("loadExtractor()", options, {
    ...PREPARATION_OPTIONS,
    weights: true,
    alpha: NUMBER,
    size: PIXELS,
    pixels: SCALING,
    layer: TEXT,
    pooling: oneOf(["avg", "max", "none"]),
    threads: true,
    signal: SIGNAL,
    onProgress: FUNCTION,
  });
  const { weights = "imagenet", signal, onProgress } = options;
  const loading = { signal, onProgress };
  if (weights === "imagenet") return imagenetExtractor(options, loading);
  try {
    return await fileExtractor(weights, options, loading);
  } catch (error) {
    throw namedError(error, nameOf(weights));
  }
}

async function imagenetExtractor(options: ExtractorOptions, loading: LoadingOptions): Promise<Extractor> {
  const { alpha = 1, size = DEFAULT_SIZE, pixels, layer, threads } = options;
  // Without the classifier the file is smaller; with it, its layers can be asked for too.
  const includeTop = isOfTheTop(layer);
  checkPublished(alpha, includeTop ? size : undefined);
  const model = await MobileNetV2({ alpha, inputShape: [size, size, 3], includeTop, threads, ...loading });
  const format = pictureFormat([size, size, 3], { ...preparationIn(options), size, pixels });
  return extractorOf(model, publishedFormat(format), "imagenet", options);
}

function isOfTheTop(layer: string | undefined): boolean {
  return layer === "predictions" || layer?.startsWith("global_average_pooling2d") === true;
}

async function fileExtractor(
  source: FilesSource,
  options: ExtractorOptions,
  loading: LoadingOptions,
): Promise<Extractor> {
  const { alpha, size, pixels, threads } = options;
  const checkpoint = await readCheckpoint(source, loading);
  const model = await modelOfCheckpoint(checkpoint, { alpha, size }, threads);
  if (model instanceof QuantizedModel) {
    throw valueError("A model of integers has no layers to look at. Give the one that it was made of.");
  }
  const { preprocessing } = checkpoint;
  const format = pictureFormat(inputShapeOf(model), { ...preparationIn(options), size, preprocessing, pixels });
  return extractorOf(model, format, nameOf(source) ?? "bytes", options);
}

function preparationIn({ interpolation, cropAs, resize, crop, autoOrient }: ExtractorOptions): PreparationOptions {
  return { interpolation, cropAs, resize, crop, autoOrient };
}

function extractorOf(whole: AnyModel, format: PictureFormat, weights: string, options: ExtractorOptions): Extractor {
  const output = options.layer === undefined ? beforeClassifier(whole.output) : layerOutput(whole, options.layer);
  const model = new Model({ inputs: whole.inputs, outputs: output, threads: options.threads });
  const shape = model.output.shape.slice(1);
  const isMap = shape.length === 3;
  const pooling: VectorPooling = isMap ? (options.pooling ?? "avg") : "none";
  const channels = shape.at(-1) ?? 0;
  const { rows, cols, preparation, pixels } = format;
  const length = pooling === "none" ? shape.reduce<number>((size, axis) => size * (axis ?? 0), 1) : channels;
  if (!(length > 0)) {
    const shown = shape.map((axis) => axis ?? "any").join(" × ");
    throw optionError`What layer '${output.node.layer.name}' gives has no size of its own: ${shown}. Take ${option("pooling", "avg")}.`;
  }
  const { interpolation, fit, side, half, autoOrient } = preparation;
  const prepare = (picture: BytesSource): Promise<Tensor<Float32Array>> => preparePicture(picture, format);
  const extract = async (pictures: Tensor): Promise<Tensor<Float32Array>> => {
    const [answer = new Tensor([0], new Float32Array())] = await model.predictAll(pictures);
    const samples = answer.shape[0] ?? 0;
    return new Tensor([samples, length], pooling === "none" ? answer.data : pooled(answer, length, pooling));
  };
  return {
    facts: frozen({
      model: whole.name,
      weights,
      layer: output.node.layer.name,
      pooling,
      size: [rows, cols],
      pixels,
      preparation: { interpolation, fit, ...(fit === "resize, then cut" && { side, half }), autoOrient },
    }),
    length,
    prepare,
    extract,
    async embed(picture) {
      return requireNumbers(await extract(await prepare(picture)), whole.name).data;
    },
    dispose: () => model.dispose(),
    [Symbol.dispose]: () => model.dispose(),
  };
}

/** The classifier: what comes after the last layer that is not one of these. */
const CLASSIFYING: ReadonlySet<string> = new Set(["Dense", "Activation", "Softmax", "Dropout"]);

/** What the classifier's last Dense takes, without what comes between the features and it; else the output. */
function beforeClassifier(output: KerasTensor): KerasTensor {
  const { layer, inputs } = output.node;
  const [input] = inputs;
  if (input === undefined || !(CLASSIFYING.has(layer.className) || layer instanceof Passing)) return output;
  if (layer.className !== "Dense") {
    const before = beforeClassifier(input);
    return before === input ? output : before;
  }
  return withoutDropout(input);
}

function withoutDropout(tensor: KerasTensor): KerasTensor {
  const { layer, inputs } = tensor.node;
  const passes = layer.className === "Dropout" || layer instanceof Passing;
  return passes && inputs[0] !== undefined ? withoutDropout(inputs[0]) : tensor;
}

function layerOutput(model: AnyModel, name: string): KerasTensor {
  const layer = model.layers.find((one) => one.name === name);
  if (layer !== undefined) return layer.output;
  const names = model.layers.map((one) => one.name);
  const shown = names.length > 12 ? [...names.slice(0, 4), "…", ...names.slice(-6)] : names;
  throw valueError(`No such layer: ${name}. Existing layers are: ${shown.join(", ")}`);
}

/** The mean or the largest of each channel of maps [samples, rows, cols, channels]. */
function pooled({ shape, data }: Tensor<Float32Array>, channels: number, how: "avg" | "max"): Float32Array {
  const samples = shape[0] ?? 0;
  const places = data.length / samples / channels;
  const result = new Float32Array(samples * channels);
  for (let sample = 0; sample < samples; sample++) {
    const sums = new Float64Array(channels).fill(how === "max" ? -Infinity : 0);
    for (let place = 0, p = sample * places * channels; place < places; place++) {
      for (let channel = 0; channel < channels; channel++, p++) {
        const value = data[p] ?? 0;
        sums[channel] = how === "max" ? Math.max(sums[channel] ?? 0, value) : (sums[channel] ?? 0) + value;
      }
    }
    result.set(how === "max" ? sums : sums.map((sum) => sum / places), sample * channels);
  }
  return result;
}
