/** What goes before and after a MobileNetV2: keras.applications.mobilenet_v2's preprocess_input and decode_predictions. */
import { valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import type { Preprocessing } from "../saving/checkpoint.ts";
import { type ClassName, type Prediction, classNamesOf, imagenetClasses, rank } from "./class-names.ts";

export interface PreprocessInputOptions {
  /** Where the channels are. Scaling to [-1, 1] does not depend on it; it is checked as Keras checks it. */
  readonly dataFormat?: "channels_last" | "channels_first" | undefined;
  /** How a model wants its pixels where it is not this way: `model.preprocessing`, which files of other origins have. */
  readonly preprocessing?: Preprocessing | undefined;
}

/**
 * Scales pixels from [0, 255] to [-1, 1], as MobileNetV2 expects them: x / 127.5 − 1, rounded to float32 after each step. With
 * `preprocessing` as that says: x × scale + offset, for each channel or for all.
 *
 * @param x pictures of any shape, float or integer; not modified.
 * @throws ValueError for an unknown `dataFormat`, or as many scales as there are no channels.
 */
export function preprocessInput(x: Tensor, options: PreprocessInputOptions = {}): Tensor<Float32Array> {
  checkOptions("preprocessInput()", options, { dataFormat: true, preprocessing: true });
  const { dataFormat = "channels_last" } = options;
  const known: readonly string[] = ["channels_first", "channels_last"];
  if (!known.includes(dataFormat)) {
    throw valueError(
      `Expected dataFormat to be one of \`channels_first\` or \`channels_last\`. Received: dataFormat=${dataFormat}`,
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

export interface DecodePredictionsOptions {
  /** How many classes to return, at most. Default 5. */
  readonly top?: number | undefined;
  /** The names of the classes of another model, in the order of its outputs. Default: ImageNet's. */
  readonly labels?: readonly (string | ClassName)[] | undefined;
}

/**
 * The best classes of every row of a model's predictions, best first.
 *
 * @param predictions [samples, 1000], or as many columns as there are `labels`.
 * @throws ValueError for another shape.
 */
export function decodePredictions(predictions: Tensor, options: DecodePredictionsOptions = {}): Prediction[][] {
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
