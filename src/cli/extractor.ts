/** What makes vectors of pictures: a model up to one of its layers, and the mean or the maxima of the map there. */
import {
  type AnyModel,
  type BytesSource,
  type KerasTensor,
  MobileNetV2,
  MobileNetV2Error,
  Model,
  QuantizedModel,
  Tensor,
} from "../index.ts";
import type { Loading } from "./terminal/download-bar.ts";
import { namedError } from "./named-error.ts";
import { checkpointAt, inputShapeOf, openModel } from "./opened-model.ts";
import { DEFAULT_SIZE, type PictureFormat, pictureFormat, pictureTensor } from "./picture-input.ts";
import type { PreparationOptions } from "./preparation.ts";

export type Pooling = "avg" | "max" | "none";

export interface ExtractorOptions extends PreparationOptions {
  readonly weights?: string;
  readonly alpha?: number;
  readonly size?: number;
  /** Default: the last one before the classifier. */
  readonly layer?: string;
  /** What is made of a map of features. Default: the mean. */
  readonly pooling?: Pooling;
}

/** How vectors were made: two with the same facts can be compared. */
export interface ExtractorFacts {
  readonly model: string;
  readonly weights: string;
  readonly layer: string;
  readonly pooling: Pooling;
  readonly size: readonly [rows: number, cols: number];
  readonly preparation: object;
}

export interface Extractor {
  readonly facts: ExtractorFacts;
  /** The numbers in a vector. */
  readonly length: number;
  prepare(picture: BytesSource): Promise<Tensor<Float32Array>>;
  /** The vectors of pictures [samples, rows, cols, channels]: [samples, length]. */
  extract(pictures: Tensor): Promise<Tensor<Float32Array>>;
  dispose(): void;
}

/** @throws ValueError where the model has no such layer, or what is there has no size of its own. */
export async function loadExtractor(options: ExtractorOptions, loading: Loading): Promise<Extractor> {
  const { weights = "imagenet" } = options;
  if (weights === "nsfwjs") {
    throw new MobileNetV2Error(
      "ValueError",
      "Vectors are made with imagenet or a checkpoint. Received: --weights nsfwjs",
    );
  }
  if (weights === "imagenet") return imagenetExtractor(options, loading);
  try {
    return await fileExtractor(weights, options, loading);
  } catch (error) {
    throw namedError(error, weights);
  }
}

async function imagenetExtractor(options: ExtractorOptions, loading: Loading): Promise<Extractor> {
  const { alpha = 1, size = DEFAULT_SIZE, layer } = options;
  // Without the classifier the file is smaller; with it, its layers can be asked for too.
  const model = await MobileNetV2({ alpha, inputShape: [size, size, 3], includeTop: isOfTheTop(layer), ...loading });
  return extractorOf(model, pictureFormat([size, size, 3], undefined, size, options), "imagenet", options);
}

function isOfTheTop(layer: string | undefined): boolean {
  return layer === "predictions" || layer?.startsWith("global_average_pooling2d") === true;
}

async function fileExtractor(source: string, options: ExtractorOptions, loading: Loading): Promise<Extractor> {
  const { alpha, size } = options;
  const checkpoint = await checkpointAt(source, loading);
  const model = await openModel(checkpoint, { alpha, size });
  if (model instanceof QuantizedModel) {
    throw new MobileNetV2Error(
      "ValueError",
      "A model of integers has no layers to look at. Give the one that it was made of.",
    );
  }
  return extractorOf(
    model,
    pictureFormat(inputShapeOf(model), checkpoint.preprocessing, size, options),
    source,
    options,
  );
}

function extractorOf(whole: AnyModel, format: PictureFormat, weights: string, options: ExtractorOptions): Extractor {
  const output = options.layer === undefined ? beforeClassifier(whole.output) : layerOutput(whole, options.layer);
  const model = new Model({ inputs: whole.inputs, outputs: output });
  const shape = model.output.shape.slice(1);
  const isMap = shape.length === 3;
  const pooling: Pooling = isMap ? (options.pooling ?? "avg") : "none";
  const channels = shape.at(-1) ?? 0;
  const { rows, cols, preparation } = format;
  const length = pooling === "none" ? shape.reduce<number>((size, axis) => size * (axis ?? 0), 1) : channels;
  if (!(length > 0)) {
    throw new MobileNetV2Error(
      "ValueError",
      `What layer '${output.node.layer.name}' gives has no size of its own: ${shape.map((axis) => axis ?? "any").join(" × ")}. Take --pooling avg.`,
    );
  }
  const { interpolation, fit, side, half, autoOrient } = preparation;
  return {
    facts: {
      model: whole.name,
      weights,
      layer: output.node.layer.name,
      pooling,
      size: [rows, cols],
      preparation: { interpolation, fit, ...(fit === "resize, then cut" && { side, half }), autoOrient },
    },
    length,
    prepare: (picture) => pictureTensor(picture, format),
    async extract(pictures) {
      const [answer = new Tensor([0], new Float32Array())] = await model.predictAll(pictures);
      const samples = answer.shape[0] ?? 0;
      return new Tensor([samples, length], pooling === "none" ? answer.data : pooled(answer, length, pooling));
    },
    dispose: () => model.dispose(),
  };
}

/** The classifier: what comes after the last layer that is not one of these. */
const CLASSIFYING: ReadonlySet<string> = new Set(["Dense", "Activation", "Softmax", "Dropout"]);

/** What the classifier's last Dense takes, without what comes between the features and it; else the output. */
function beforeClassifier(output: KerasTensor): KerasTensor {
  const { layer, inputs } = output.node;
  const [input] = inputs;
  if (input === undefined || !CLASSIFYING.has(layer.className)) return output;
  if (layer.className !== "Dense") {
    const before = beforeClassifier(input);
    return before === input ? output : before;
  }
  return withoutDropout(input);
}

function withoutDropout(tensor: KerasTensor): KerasTensor {
  const { layer, inputs } = tensor.node;
  return layer.className === "Dropout" && inputs[0] !== undefined ? withoutDropout(inputs[0]) : tensor;
}

function layerOutput(model: AnyModel, name: string): KerasTensor {
  const layer = model.layers.find((one) => one.name === name);
  if (layer !== undefined) return layer.output;
  const names = model.layers.map((one) => one.name);
  const shown = names.length > 12 ? [...names.slice(0, 4), "…", ...names.slice(-6)] : names;
  throw new MobileNetV2Error("ValueError", `No such layer: ${name}. Existing layers are: ${shown.join(", ")}`);
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
