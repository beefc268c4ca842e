/** Saving of models to files of any supported format (keras.Model.save). */
import { warn, writeFiles } from "#platform";
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import { FLAG, PLACE, TEXT, check } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import type { Network } from "../../graph/network.ts";
import type {
  CheckpointWriter,
  Preprocessing,
  SavedTraining,
  WeightType,
  WrittenFile,
} from "../../saving/checkpoint.ts";
import { writers } from "../../saving/formats.ts";
import { checkClassNames } from "../../saving/plausible.ts";
import { writerNamed, writerOf } from "../../saving/writer-of.ts";
import { describeModel, weightsByPath } from "./describe-model.ts";

/** The options of `save`. */
export interface SaveOptions {
  /** The name of the format, one of `writers`. Default: the format of the file's ending. */
  readonly format?: string | undefined;
  /**
   * Whether to save a compiled model's training configuration in `.keras` and `.h5` files, in `.keras` with the optimizer's state, which may
   * be twice as large as the model. Default: true.
   */
  readonly includeOptimizer?: boolean | undefined;
  /**
   * The type of the weights in the file: `float16` halves it. Kernels, and in safetensors all weights, are rounded to 11 bits; models compute
   * with float32 all the same. `.safetensors`, `.onnx`, `.tflite` and the formats of PyTorch's packages have it. Default: float32.
   */
  readonly dtype?: WeightType | undefined;
}

interface Savable {
  readonly classNames?: readonly string[] | undefined;
  readonly preprocessing?: Preprocessing | undefined;
  describeTraining?(): Promise<SavedTraining | undefined>;
}

/** The files of a model in a format, the main one first. */
export async function modelFiles(
  model: Network & Savable,
  { format, ...options }: SaveOptions & { readonly format: string },
  name = "model",
): Promise<readonly WrittenFile[]> {
  check("toFiles()", "name", name, TEXT);
  return filesBy(model, writerNamed(format), name, options);
}

/**
 * Saves a model to a file or folder; missing folders are made. A file that exists is replaced only once all new ones are complete, and keeps
 * its mode; links are written through.
 */
export async function saveModel(model: Network & Savable, target: string | URL, given: SaveOptions): Promise<void> {
  check("save()", "target", target, PLACE);
  checkOptions("save()", given, { format: true, includeOptimizer: FLAG, dtype: true });
  const { format, ...options } = given;
  const path = String(target);
  await writeAll(path, await filesBy(model, writerOf(path, format), lastName(path), options));
}

/** Saves only the weights if the ending is `.weights.h5` (Keras 3) or `.h5` (as Keras 2 wrote weights), else the whole model. */
export async function saveWeights(model: Network & Savable, target: string | URL, options: SaveOptions): Promise<void> {
  check("saveWeights()", "target", target, PLACE);
  checkOptions("saveWeights()", options, { format: true, includeOptimizer: FLAG, dtype: true });
  const { format, dtype } = options;
  const path = String(target);
  const isLegacy = /\.(?:h5|hdf5)$/i.test(path) && !/\.weights\.h5$/i.test(path);
  await saveModel(model, target, { format: format ?? (isLegacy ? "legacy-weights" : undefined), dtype });
}

async function filesBy(
  model: Network & Savable,
  writer: CheckpointWriter,
  name: string,
  { includeOptimizer = true, dtype = "float32" }: SaveOptions,
): Promise<readonly WrittenFile[]> {
  checkType(writer, dtype);
  const { classNames, preprocessing } = model;
  if (model.built && model.outputs.length === 1) checkClassNames(classNames, model.output.shape.at(-1));
  const training = includeOptimizer && writer.holdsTraining === true ? await trainingOf(model) : undefined;
  return writer.write(
    { model: describeModel(model), weights: weightsByPath(model), classNames, preprocessing, training, dtype },
    name,
  );
}

function checkType({ id, holdsFloat16 = false }: CheckpointWriter, dtype: WeightType): void {
  if (dtype === "float32" || (dtype === "float16" && holdsFloat16)) return;
  const able = writers.filter((writer) => writer.holdsFloat16 === true).map((writer) => writer.id);
  throw valueError(
    `\`dtype\` should be "float32", or for the formats ${able.join(", ")} "float16". Received: dtype=${show(dtype)}, format=${id}`,
  );
}

/** The training configuration; a model is saved without it, with a warning, if it cannot be described. */
async function trainingOf(model: Savable): Promise<SavedTraining | undefined> {
  try {
    return await model.describeTraining?.();
  } catch (error) {
    if (!(error instanceof MobileNetV2Error)) throw error;
    warn(`The file is written without the training set-up. ${error.message}`);
    return undefined;
  }
}

function lastName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** Writes the main file last, so that whoever finds it finds the others too. */
async function writeAll(path: string, files: readonly WrittenFile[]): Promise<void> {
  const [main, ...others] = files;
  if (main === undefined) return;
  const isFolder = main.name !== lastName(path);
  const folder = isFolder ? `${path.replace(/[/\\]+$/, "")}/` : path.slice(0, path.length - lastName(path).length);
  await writeFiles([...others, main].map(({ name, bytes }) => ({ path: folder + name, bytes })));
}
