/** What goes before and after a MobileNetV2: keras.applications.mobilenet_v2's preprocess_input and decode_predictions. */
import { valueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { type ClassName, type Prediction, classNamesOf, imagenetClasses, rank } from "./class-names.ts";

export interface PreprocessInputOptions {
  /** Where the channels are. Scaling to [-1, 1] does not depend on it; it is checked as Keras checks it. */
  readonly dataFormat?: "channels_last" | "channels_first" | undefined;
}

/**
 * Scales pixels from [0, 255] to [-1, 1], as MobileNetV2 expects them: x / 127.5 − 1, rounded to float32 after each step.
 *
 * @param x pictures of any shape, float or integer; not modified.
 * @throws ValueError for an unknown `dataFormat`.
 */
export function preprocessInput(x: Tensor, options: PreprocessInputOptions = {}): Tensor<Float32Array> {
  const { dataFormat = "channels_last" } = options;
  const known: readonly string[] = ["channels_first", "channels_last"];
  if (!known.includes(dataFormat)) {
    throw valueError(
      `Expected dataFormat to be one of \`channels_first\` or \`channels_last\`. Received: dataFormat=${dataFormat}`,
    );
  }
  const source = x.data;
  const scaled = new Float32Array(source.length);
  for (let i = 0; i < source.length; i++) scaled[i] = Math.fround((source[i] ?? 0) / 127.5) - 1;
  return new Tensor(x.shape, scaled);
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
