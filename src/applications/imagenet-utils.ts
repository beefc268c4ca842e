/** Preprocessing of inputs and decoding of predictions (keras.applications.mobilenet_v2's preprocess_input, decode_predictions). */
import { show, valueError } from "../core/errors.ts";
import { PREPROCESSING, check } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import { TENSOR, Tensor } from "../core/tensor.ts";
import type { Preprocessing } from "../saving/checkpoint.ts";
import { type ClassName, type Prediction, classNamesOf, imagenetClasses, rank } from "./class-names.ts";

/** The options of `preprocessInput`. */
export interface PreprocessInputOptions {
  /** The position of the channels, which matters only for a `preprocessing` by channel. Default: `channels_last`. */
  readonly dataFormat?: "channels_last" | "channels_first" | undefined;
  /** The scaling that a model expects, if it is another one: `model.preprocessing` of a model from another framework. Default: to [-1, 1]. */
  readonly preprocessing?: Preprocessing | undefined;
}

/**
 * Scales pixels from [0, 255] to [-1, 1], as MobileNetV2 expects them: x / 127.5 − 1, rounded to float32 after each step. With the option
 * `preprocessing`, it computes x × scale + offset, with one scale and offset for all channels or for each.
 *
 * @param x pictures of any shape, float or integer, which are not modified
 * @returns a new tensor of the same shape, in float32
 * @throws ValueError for an unknown `dataFormat`, or if `preprocessing` is for another number of channels
 */
export function preprocessInput(x: Tensor, options: PreprocessInputOptions = {}): Tensor<Float32Array> {
  check("preprocessInput()", "x", x, TENSOR);
  checkOptions("preprocessInput()", options, { dataFormat: true, preprocessing: PREPROCESSING });
  const { dataFormat = "channels_last" } = options;
  const known: readonly string[] = ["channels_first", "channels_last"];
  if (!known.includes(dataFormat)) {
    throw valueError(
      `Expected dataFormat to be one of \`channels_first\` or \`channels_last\`. Received: dataFormat=${show(dataFormat)}`,
    );
  }
  if (options.preprocessing !== undefined) return scaledBy(x, options.preprocessing, dataFormat);
  const source = x.data;
  const scaled = new Float32Array(source.length);
  for (let i = 0; i < source.length; i++) scaled[i] = Math.fround((source[i] ?? 0) / 127.5) - 1;
  return new Tensor(x.shape, scaled);
}

function scaledBy(
  x: Tensor,
  { scale, offset }: Preprocessing,
  dataFormat: "channels_last" | "channels_first",
): Tensor<Float32Array> {
  const { shape, data: source } = x;
  const axis = dataFormat === "channels_last" ? shape.length - 1 : shape.length - 3;
  const channels = shape[axis] ?? 0;
  const [scales, offsets] = [scale, offset].map((factors) => {
    const list = typeof factors === "number" ? Array.from<number>({ length: channels }).fill(factors) : factors;
    if (list.length === channels) return Float64Array.from(list);
    throw valueError(
      `\`preprocessing\` has factors for ${list.length} channels, but the pictures have ${channels}. Received: x of shape ${formatShape(shape)}`,
    );
  });
  const inner = shape.slice(axis + 1).reduce((size, length) => size * length, 1);
  const scaled = new Float32Array(source.length);
  for (let i = 0; i < source.length; i++) {
    const channel = Math.floor(i / inner) % channels;
    scaled[i] = (source[i] ?? 0) * (scales?.[channel] ?? 1) + (offsets?.[channel] ?? 0);
  }
  return new Tensor(shape, scaled);
}

/** The options of `decodePredictions`. */
export interface DecodePredictionsOptions {
  /** The number of classes to return for each sample, 1 or more. Default: 5. */
  readonly top?: number | undefined;
  /** The names of the classes, in the order of the model's outputs. Default: ImageNet's 1,000. */
  readonly labels?: readonly (string | ClassName)[] | undefined;
}

/**
 * Decodes a model's predictions to the classes with the highest scores.
 *
 * @param predictions a tensor [samples, classes], with 1,000 classes or as many as there are `labels`
 * @returns for each sample, a list of `top` classes with names and scores, the best first
 * @throws ValueError for another shape, or an invalid `top`
 */
export function decodePredictions(predictions: Tensor, options: DecodePredictionsOptions = {}): Prediction[][] {
  check("decodePredictions()", "predictions", predictions, TENSOR);
  checkOptions("decodePredictions()", options, { top: true, labels: true });
  const names = options.labels === undefined ? imagenetClasses() : classNamesOf(options.labels);
  const [samples, classes] = predictions.shape;
  if (predictions.shape.length !== 2 || samples === undefined || classes !== names.length) {
    throw valueError(
      `\`decodePredictions\` expects a batch of predictions (i.e. a 2D array of shape (samples, ${names.length})). ` +
        `Received array with shape: ${formatShape(predictions.shape)}`,
    );
  }
  const { data } = predictions.toFloat32();
  return Array.from({ length: samples }, (_, row) =>
    rank(data.subarray(row * classes, (row + 1) * classes), names, options.top ?? 5),
  );
}
