/** Loading of models from files of any supported format (keras.models.load_model). */
import { openFiles, warn } from "#platform";
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import { FLAG, FUNCTION, LIMIT, SIGNAL } from "../../core/kinds.ts";
import { type Names, checkOptions } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { FilesSource, ReadOptions } from "../../platform/contract.ts";
import { actsInTrainingAlone } from "../../layers/regularization/passing-classes.ts";
import type { AssignOptions } from "../../saving/assignment.ts";
import type { Checkpoint, ModelDescription } from "../../saving/checkpoint.ts";
import { openCheckpoint } from "../../saving/formats.ts";
import { leavesOf } from "../../saving/layer-weights.ts";
import { LABELS, namedClasses } from "../../saving/labels/labels-beside.ts";
import { checkChannels, fittingClassNames } from "../../saving/plausible.ts";
import { mainFile } from "../../saving/main-file.ts";
import { refuseUnread } from "../../saving/unread.ts";
import { Model } from "../model.ts";
import { type AnyModel, modelFromDescription } from "./model-from-description.ts";
import { Sequential } from "../sequential.ts";
import type { ThreadOptions } from "../threads.ts";

/** The most layers that a warning names. */
const WARNED_OF = 20;

/** The options of `modelFromCheckpoint`. */
export interface ModelFromCheckpointOptions extends AssignOptions, ThreadOptions {
  /** Whether to compile the model after loading, if the file has a training configuration, as Keras's `.keras` and `.h5` do. Default: true. */
  readonly compile?: boolean | undefined;
}

/** The options of `loadModel` and `loadAnyModel`. */
export interface LoadModelOptions extends ModelFromCheckpointOptions, ReadOptions {}

const LOAD_OPTIONS: Names<LoadModelOptions> = {
  compile: FLAG,
  threads: true,
  allowNonFinite: FLAG,
  maxBytes: LIMIT,
  signal: SIGNAL,
  onProgress: FUNCTION,
};

/**
 * Loads a model with its weights, from Keras's `.keras` and `.h5`, TensorFlow's SavedModels and frozen graphs, TensorFlow.js's model.json
 * (also of Teachable Machine and nsfwjs), safetensors, PyTorch's files, ONNX or TFLite. The format is recognized by the content. Nothing in a
 * file is executed.
 *
 * A model that was saved compiled is compiled again, and its optimizer continues where it was. The names of classes and the scaling of
 * pixels, if the file has them, are in the model's `classNames` and `preprocessing`.
 *
 * @param source a path, a folder, a URL, bytes, a `File`, or the files of a folder that the user chose
 * @throws FormatError if the file is broken or of an unknown format; UnsupportedError if it has something that is not supported; IOError,
 *   NetworkError or LimitError if it cannot be read; ValueError if it has only weights, or a model with several outputs (see `loadAnyModel`)
 */
export async function loadModel(source: FilesSource, options: LoadModelOptions = {}): Promise<Model | Sequential> {
  checkOptions("loadModel()", options, LOAD_OPTIONS);
  const model = await loadAnyModel(source, options);
  if (model instanceof Sequential || hasOneOutput(model)) return model;
  throw valueError(
    `Model '${model.name}' has ${model.outputs.length} outputs: ` +
      `${model.outputs.map(({ shape }) => formatShape(shape)).join(", ")}. Load it with loadAnyModel() and ask it with predictAll().`,
  );
}

/** Loads a model with any number of outputs, whose `predictAll` gives all of them. See `loadModel`. */
export async function loadAnyModel(source: FilesSource, options: LoadModelOptions = {}): Promise<AnyModel> {
  checkOptions("loadAnyModel()", options, LOAD_OPTIONS);
  return modelFromCheckpoint(await readCheckpoint(source, readOptions(options)), options);
}

function readOptions({ maxBytes, signal, onProgress }: ReadOptions): ReadOptions {
  return { maxBytes, signal, onProgress };
}

/** A checkpoint with the bytes of its file. */
export interface CheckpointFile extends Checkpoint {
  /** The bytes of the file, or of the main one of several, for `loadQuantized` and `loadWeightsFromBytes`. */
  readonly bytes: Uint8Array;
}

/**
 * Reads the description of a file, without making a model: its format, layers, names of classes, and tensors, whose values are decoded only
 * when they are used. If something in the model is not read here, `unread` says what. `source` and other errors are those of `loadModel`.
 */
export async function readCheckpoint(source: FilesSource, options: ReadOptions = {}): Promise<CheckpointFile> {
  checkOptions("readCheckpoint()", options, { maxBytes: LIMIT, signal: SIGNAL, onProgress: FUNCTION });
  const files = await openFiles(source, options);
  const main = await mainFile(files);
  const checkpoint = { ...(await openCheckpoint(main)), bytes: main.bytes };
  // The names are listed first, since a source that is a URL would have to be asked for a file that it probably lacks.
  const hasLabels = checkpoint.classNames === undefined && (await files.names()).includes(LABELS);
  return hasLabels ? namedClasses(checkpoint, await files.read(LABELS)) : checkpoint;
}

/** Makes the model of a checkpoint. @throws ValueError if it has only weights; UnsupportedError if it is a quantized model, or not read here. */
export function modelFromCheckpoint(checkpoint: Checkpoint, options: ModelFromCheckpointOptions = {}): AnyModel {
  refuseUnread(checkpoint);
  if (checkpoint.quantized === true) throw quantizedError();
  if (checkpoint.model === undefined) {
    throw valueError(
      `The file has weights only (${checkpoint.format}), and does not say of what model. ` +
        "Build the model and call model.loadWeights(file); or MobileNetV2({ weights: file, … }).",
    );
  }
  const model = modelFromDescription(checkpoint.model, checkpoint.weights, options);
  model.classNames = fittingClassNames(checkpoint, classCountOf(model));
  checkChannels(checkpoint.preprocessing, model.built && model.inputs.length === 1 ? model.input.shape : undefined);
  model.preprocessing = checkpoint.preprocessing;
  if (options.compile !== false) warnOfPassing(checkpoint.model);
  const { training } = checkpoint;
  if (training === undefined || options.compile === false) return model;
  if ("refused" in training) warn(`The model was loaded, but not compiled: ${training.refused}`);
  else if (model instanceof Sequential) model.whenBuilt(() => model.compileFromFile(training));
  else model.compileFromFile(training);
  return model;
}

/** How many classes the model has, if it has one output, and an input shape to know it by. */
function classCountOf(model: AnyModel): number | null | undefined {
  return model.built && model.outputs.length === 1 ? model.output.shape.at(-1) : undefined;
}

/** Says once what the layers of the model that act in training alone do not do here. */
function warnOfPassing(model: ModelDescription): void {
  const names = leavesOf(model)
    .filter(({ layer }) => actsInTrainingAlone(layer.className))
    .map(({ layer, path }) => `${path} (${layer.className})`);
  if (names.length === 0) return;
  warn(
    `Model '${model.name}' has layers that act in Keras's training alone and do nothing here: ` +
      `${names.slice(0, WARNED_OF).join(", ")}${names.length > WARNED_OF ? `, … (${names.length} in all)` : ""}. ` +
      "predict() answers as in Keras, save() keeps them, and fit() trains without them: augment the pictures of the data set instead.",
  );
}

function quantizedError(): MobileNetV2Error {
  return new MobileNetV2Error("UnsupportedError", "The file is a quantized model. Open it with loadQuantized().");
}

function hasOneOutput(model: Exclude<AnyModel, Sequential>): model is Model {
  return model instanceof Model && model.outputs.length === 1;
}
