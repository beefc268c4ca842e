/** Models of checkpoints of any format: floats or integers, with what the file does not say from the options. */
import { MobileNetV2 } from "../applications/mobilenet-v2.ts";
import { type Recognized, recognizeMobileNetV2 } from "../applications/recognize.ts";
import { valueError } from "../core/errors.ts";
import { FLAG, FUNCTION, type Kind, LIMIT, NUMBER, PIXELS, SIGNAL, check, whole } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import { BaseModel } from "../models/base-model.ts";
import { type CheckpointFile, modelFromCheckpoint, readCheckpoint } from "../models/files/load-model.ts";
import type { AnyModel } from "../models/files/model-from-description.ts";
import { QuantizedModel, loadQuantized } from "../models/quantized/quantized-model.ts";
import type { ThreadOptions } from "../models/threads.ts";
import type { FilesSource, ReadOptions } from "../platform/contract.ts";
import type { LayerDescription, ModelDescription } from "../saving/checkpoint.ts";
import { refuseUnread } from "../saving/unread.ts";
import { namedError, nameOf, option, type NamedOption, optionError } from "./errors.ts";
import { DEFAULT_SIZE } from "./picture-format.ts";

/** The architecture of a MobileNetV2, for files that have only weights. */
export interface ArchitectureOptions {
  /** The width multiplier. Default: inferred from the shapes of the weights. */
  readonly alpha?: number | undefined;
  /** The height and width of the input, in pixels. Default: 224. */
  readonly size?: number | undefined;
  /** The number of classes. Default: inferred from the shapes of the weights. */
  readonly classes?: number | undefined;
  /** Whether the model has the classifier at the top. Default: inferred from the shapes of the weights. */
  readonly top?: boolean | undefined;
}

/** The options of loading: `signal` stops it, and `onProgress` is called with its progress. */
export type LoadingOptions = Pick<ReadOptions, "signal" | "onProgress">;

/** The options of `openModel`. */
export interface OpenModelOptions extends ArchitectureOptions, ThreadOptions, ReadOptions {}

/** A model that computes with float32, or a quantized one that computes with integers. */
export type OpenedModel = AnyModel | QuantizedModel;

/**
 * Opens a checkpoint of any format, whether it has a whole model, a quantized one, or only the weights of a MobileNetV2. The model is for
 * predictions: it is not compiled.
 *
 * @param source a path, a folder, an address, bytes, a File, or the files of a folder that a user chose
 * @throws ValueError if the options say otherwise than the file, or it has the weights of something else than a MobileNetV2; FormatError,
 *   UnsupportedError, IOError, NetworkError, LimitError as `loadModel` does.
 */
export async function openModel(source: FilesSource, options: OpenModelOptions = {}): Promise<OpenedModel> {
  checkOptions("openModel()", options, {
    alpha: NUMBER,
    size: PIXELS,
    classes: whole(1, 2 ** 24),
    top: FLAG,
    threads: true,
    maxBytes: LIMIT,
    signal: SIGNAL,
    onProgress: FUNCTION,
  });
  const { maxBytes, signal, onProgress, threads, ...architecture } = options;
  try {
    return await modelOfCheckpoint(
      await readCheckpoint(source, { maxBytes, signal, onProgress }),
      architecture,
      threads,
    );
  } catch (error) {
    throw namedError(error, nameOf(source));
  }
}

/** The model of a checkpoint. @throws ValueError if the options say otherwise than the file; UnsupportedError if its model is not read here. */
export async function modelOfCheckpoint(
  checkpoint: CheckpointFile,
  options: ArchitectureOptions,
  threads?: number,
): Promise<OpenedModel> {
  refuseUnread(checkpoint);
  if (checkpoint.model === undefined) return modelOfWeights(checkpoint, options, threads);
  const known = recognizedIn(checkpoint);
  refuseOptions("The file has its own model, of", known, options);
  return checkpoint.quantized === true
    ? loadQuantized(checkpoint.bytes, { threads })
    : modelFromCheckpoint(checkpoint, { threads, compile: false });
}

/** The MobileNetV2 that the weights are of, by their shapes; undefined if they are of none. */
export function recognizedIn({ weights }: Pick<CheckpointFile, "weights">): Recognized | undefined {
  return recognizeMobileNetV2([...weights.values()].map(({ shape }) => shape));
}

/** The MobileNetV2 that the shapes of weights and the options name. */
async function modelOfWeights(
  checkpoint: CheckpointFile,
  { alpha, size = DEFAULT_SIZE, classes, top = true }: ArchitectureOptions,
  threads: number | undefined,
): Promise<AnyModel> {
  const known = recognizedIn(checkpoint);
  if (known === undefined && alpha === undefined) {
    throw valueError(
      "The file has weights only, and they are not those of a MobileNetV2: give the file with the whole model.",
    );
  }
  const model = await MobileNetV2({
    weights: null,
    alpha: alpha ?? known?.alpha,
    inputShape: [size, size, 3],
    includeTop: top && known?.includeTop !== false,
    classes: classes ?? known?.classes,
    threads,
  });
  try {
    model.loadWeightsFromBytes(checkpoint.bytes);
  } catch (error) {
    // If the option is the mistake, no layer is to be named.
    refuseOptions("The weights are of", known, { alpha, classes, top });
    throw error;
  }
  model.classNames = checkpoint.classNames;
  model.preprocessing = checkpoint.preprocessing;
  return model;
}

/** @throws ValueError naming the first option that says otherwise than the file. */
function refuseOptions(
  found: string,
  known: Recognized | undefined,
  { alpha, classes, top }: ArchitectureOptions,
): void {
  const refuse = (what: string, given: NamedOption): never => {
    throw optionError`${found} ${what}. Received: ${given}`;
  };
  if (alpha !== undefined && alpha !== known?.alpha) {
    refuse(known === undefined ? "no MobileNetV2" : `alpha ${known.alpha}`, option("alpha", alpha));
  }
  if (classes !== undefined && classes !== known?.classes) {
    const others = known?.classes === undefined ? "a model without Keras's top" : `${known.classes} classes`;
    refuse(others, option("classes", classes));
  }
  if (top === false && known?.includeTop !== false) refuse("a model with its top", option("top", false));
}

/** A model that answers, be it of floats or integers. */
export const OPENED_MODEL: Kind = [
  "a Model, a Sequential or a QuantizedModel",
  (value) => value instanceof QuantizedModel || value instanceof BaseModel,
];

/** The shapes of a model's inputs without the batch; null for what may vary. */
export function inputShapesOf(model: OpenedModel): readonly Shape[] {
  check("a task", "model", model, OPENED_MODEL);
  const shapes = model instanceof QuantizedModel ? model.inputShapes : model.inputs.map(({ shape }) => shape);
  return shapes.map((shape) => shape.slice(1));
}

/** The shape of the model's only input without the batch axis: [rows, cols, channels]. @throws ValueError if the model has several inputs. */
export function inputShapeOf(model: OpenedModel): Shape {
  const [shape = [], ...more] = inputShapesOf(model);
  if (more.length === 0) return shape;
  throw valueError(`Model '${model.name}' has ${more.length + 1} inputs, not one picture.`);
}

/** The shape of a model's answer without the batch; of several outputs, that of the first. */
export function outputShapeOf(model: OpenedModel): Shape {
  return model.output.shape.slice(1);
}

/** The shape of a described model's input without the batch; null for what may vary. Undefined if the description does not say. */
export function describedInput({ layers, buildShape }: ModelDescription): Shape | undefined {
  const shape: unknown = inputLayer(layers)?.config.batchShape ?? buildShape;
  if (!Array.isArray(shape)) return undefined;
  return shape.slice(1).map((axis: unknown) => (typeof axis === "number" ? axis : null));
}

/** The model's own, or that of the model it begins with. */
function inputLayer(layers: readonly LayerDescription[]): LayerDescription | undefined {
  const own = layers.find(({ className }) => className === "InputLayer");
  return own ?? (layers[0]?.model && inputLayer(layers[0].model.layers));
}
