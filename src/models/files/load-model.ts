/** Opens a model of any format that we read (keras.models.load_model, and more than it). */
import { openFiles, warn } from "#platform";
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import { type Names, checkOptions } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { FilesSource, ReadOptions } from "../../platform/contract.ts";
import type { AssignOptions } from "../../saving/assignment.ts";
import type { Checkpoint } from "../../saving/checkpoint.ts";
import { openCheckpoint } from "../../saving/formats.ts";
import { LABELS, namedClasses } from "../../saving/labels/labels-beside.ts";
import { mainFile } from "../../saving/main-file.ts";
import { Model } from "../model.ts";
import { type AnyModel, modelFromDescription } from "./model-from-description.ts";
import { Sequential } from "../sequential.ts";
import type { ThreadOptions } from "../threads.ts";

export interface ModelOfOptions extends AssignOptions, ThreadOptions {
  /** Whether the model is compiled where the file says how: Keras's `.keras` and `.h5` do. Default: true. */
  readonly compile?: boolean | undefined;
}

export interface LoadModelOptions extends ModelOfOptions, ReadOptions {}

const LOAD_OPTIONS: Names<LoadModelOptions> = {
  compile: true,
  threads: true,
  allowNonFinite: true,
  maxBytes: true,
  signal: true,
  onProgress: true,
};

/**
 * Opens a model with its weights: Keras's `.keras` and `.h5`, TF.js's model.json and what is made of it (Teachable Machine, nsfwjs),
 * safetensors, PyTorch's, ONNX, TFLite. The format is found from the content. Nothing in a file is executed.
 *
 * A model that was saved compiled is compiled again, and its optimizer goes on where it was; what trains is loaded with the first use.
 * What the file says of its classes and of how pictures are scaled is in `classNames` and `preprocessing` of the model.
 *
 * @param source a path, a folder, an address, bytes, a File, or the files of a folder that a user chose
 * @throws FormatError where the file is broken or none of ours; UnsupportedError for what is in it and not read; IOError,
 *   NetworkError, LimitError; ValueError where it has weights only, or several outputs (see `loadAnyModel`).
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

/** `loadModel` for models with any number of outputs: ask them with `predictAll`. */
export async function loadAnyModel(source: FilesSource, options: LoadModelOptions = {}): Promise<AnyModel> {
  checkOptions("loadAnyModel()", options, LOAD_OPTIONS);
  return modelOf(await readCheckpoint(source, options), options);
}

/** A checkpoint with the bytes of its (main) file, for `loadQuantized` and `loadWeightsFromBytes`. */
export interface CheckpointFile extends Checkpoint {
  readonly bytes: Uint8Array;
}

/** Everything in the file but the values of its tensors, which are read when they are asked for. */
export async function readCheckpoint(source: FilesSource, options: ReadOptions = {}): Promise<CheckpointFile> {
  const files = await openFiles(source, options);
  const main = await mainFile(files);
  const checkpoint = { ...(await openCheckpoint(main)), bytes: main.bytes };
  // Asked for by its name alone, an address would be asked in vain.
  const hasLabels = checkpoint.classNames === undefined && (await files.names()).includes(LABELS);
  return hasLabels ? namedClasses(checkpoint, await files.read(LABELS)) : checkpoint;
}

/** The model of a checkpoint. @throws ValueError where it has weights only; UnsupportedError where it is a quantized one. */
export function modelOf(checkpoint: Checkpoint, options: ModelOfOptions = {}): AnyModel {
  if (checkpoint.quantized === true) throw quantizedError();
  if (checkpoint.model === undefined) {
    throw valueError(
      `The file has weights only (${checkpoint.format}), and does not say of what model. ` +
        "Build the model and call model.loadWeights(file); or MobileNetV2({ weights: file, … }).",
    );
  }
  const model = modelFromDescription(checkpoint.model, checkpoint.weights, options);
  model.classNames = checkpoint.classNames;
  model.preprocessing = checkpoint.preprocessing;
  const { training } = checkpoint;
  if (training === undefined || options.compile === false) return model;
  if ("refused" in training) warn(`The model was loaded, but not compiled: ${training.refused}`);
  else model.compileFromFile(training);
  return model;
}

function quantizedError(): MobileNetV2Error {
  return new MobileNetV2Error("UnsupportedError", "The file is a quantized model. Open it with loadQuantized().");
}

function hasOneOutput(model: Exclude<AnyModel, Sequential>): model is Model {
  return model instanceof Model && model.outputs.length === 1;
}
