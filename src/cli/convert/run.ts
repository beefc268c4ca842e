/** The command `convert`: a checkpoint of one format into another, with a report and a comparison of what both answer. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { readBytes, writeBytes } from "#platform";
import { imagenetClasses } from "../../applications/class-names.ts";
import { fetchWeights } from "../../applications/weights-cache.ts";
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { systemPath } from "../../platform/node/byte-names.ts";
import { type CheckpointFile, loadAnyModel, readCheckpoint } from "../../models/files/load-model.ts";
import { quantize } from "../../models/quantized/quantize.ts";
import { QuantizedModel, loadQuantized } from "../../models/quantized/quantized-model.ts";
import { labelsText } from "../../saving/labels/labels.ts";
import { writerOf } from "../../saving/writer-of.ts";
import { CalibrationPictures, DEFAULT_PICTURES } from "../../tasks/calibration.ts";
import { answersOf, compareAnswers, seededInputs } from "../../tasks/comparison.ts";
import { namedError } from "../../tasks/errors.ts";
import { nameOfLabel, readLabels } from "../../tasks/labels.ts";
import {
  type ArchitectureOptions,
  type OpenedModel,
  inputShapeOf,
  modelOfCheckpoint,
  outputShapeOf,
} from "../../tasks/opened-model.ts";
import { pictureFormat } from "../../tasks/picture-format.ts";
import { KERAS_PIXELS, type Pixels, scalingOf } from "../../tasks/pixels.ts";
import { publishedModel } from "../../tasks/published.ts";
import { requireApart } from "../files/apart.ts";
import { place } from "../files/placing.ts";
import { picturesIn } from "../pictures/folder.ts";
import { downloadBar } from "../terminal/download-bar.ts";
import { printable } from "../terminal/format.ts";
import { interruptible } from "../terminal/interruption.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { styleFor } from "../terminal/style.ts";
import { type Calibration, type Conversion, conversionJson, conversionLines } from "./report.ts";

export interface ConvertOptions extends ArchitectureOptions {
  readonly to?: string;
  readonly labels?: string;
  /** How the model's pixels are scaled; written into the file. */
  readonly pixels?: Pixels;
  readonly float16?: boolean;
  readonly int8?: boolean;
  /** The type of inputs and outputs of integers. */
  readonly io?: "float32" | "int8" | "uint8";
  /** A folder of pictures. */
  readonly calibrate?: string;
  /** How many of them. */
  readonly pictures?: number;
  readonly json?: boolean;
}

/** The options, and the pictures of the folder to calibrate with. */
interface PreparedOptions extends ConvertOptions {
  readonly paths: readonly string[];
}

/** Formats that hold no model: what was written is compared by what it makes of the source's model. */
const WEIGHTS_ONLY: ReadonlySet<string> = new Set(["weights.h5", "legacy-weights"]);
const INTEGERS: ReadonlySet<string> = new Set(["safetensors", "onnx", "tflite"]);

export async function convert(source: string, target: string, options: ConvertOptions): Promise<void> {
  const format = writerOf(target, options.to).id;
  checkIntegers(target, format, options);
  // Of a folder, the file that the others belong to.
  const outputs =
    format === "tfjs-layers" || format === "teachable-machine" ? [target, join(target, "model.json")] : [target];
  const pictures = options.calibrate === undefined ? [] : await picturesIn(options.calibrate);
  await requireApart(outputs, [source, options.labels, ...pictures]);
  const conversion = await interruptible(({ signal }) =>
    converted(source, target, format, { ...options, paths: pictures }, signal),
  );
  for (const { picture, reason } of conversion.calibration?.unread ?? []) {
    console.error(`warning: ${printable(picture)} was left out: ${printable(reason)}`);
  }
  const { bold } = styleFor(process.stdout);
  const lines = conversionLines(conversion).map(([name, said]) => `${bold(name.padEnd(8))} ${said}`);
  const text = options.json === true ? JSON.stringify(conversionJson(conversion), null, 2) : lines.join("\n");
  process.stdout.write(`${text}\n`);
}

/** Refuses options that do not fit one another before anything is read. */
function checkIntegers(
  target: string,
  format: string,
  { int8 = false, float16 = false, io, calibrate, pictures }: ConvertOptions,
): void {
  if (int8 && float16) throw valueError("--int8 and --float16 are two ways to make a file small: give one of them.");
  if (io !== undefined && format !== "tflite") throw valueError(`--io is for .tflite. Received: ${target}`);
  if (!int8 && (calibrate ?? pictures) !== undefined) {
    throw valueError("--calibrate and --pictures are for --int8.");
  }
  if (!int8) return;
  if (!INTEGERS.has(format)) throw integersError("--int8 writes", target);
  if (calibrate === undefined) {
    throw valueError("--int8 needs pictures like those the model will see: --calibrate FOLDER");
  }
}

function integersError(what: string, target: string): MobileNetV2Error {
  return valueError(`${what} .safetensors (ours), .onnx (QDQ) or .tflite. Received: ${target}`);
}

async function converted(
  source: string,
  target: string,
  format: string,
  options: PreparedOptions,
  signal: AbortSignal,
): Promise<Conversion> {
  const { checkpoint, architecture } = await openSource(source, options, signal);
  if (checkpoint.quantized === true && !INTEGERS.has(format)) {
    throw integersError("A quantized model is written as", target);
  }
  if (checkpoint.quantized === true && options.float16 === true) {
    throw valueError("The model is quantized already: leave --float16 away.");
  }
  if (checkpoint.quantized !== true && options.int8 !== true && options.io !== undefined) {
    throw valueError("--io is for models of integers: --int8 --calibrate FOLDER makes one.");
  }
  const found = await modelOfCheckpoint(checkpoint, architecture).catch((error: unknown) => {
    throw namedError(error, source);
  });
  await nameClasses(found, options.labels);
  if (format === "teachable-machine" && found.classNames === undefined)
    throw valueError("A Teachable Machine model has names of its classes: give them with --labels FILE.");
  if (options.pixels !== undefined) found.preprocessing = scalingOf(options.pixels);
  const { model, calibration, pictures } =
    options.int8 === true ? await toIntegers(found, options, signal) : unchanged(found, architecture.size);
  signal.throwIfAborted();
  const expected = await answersOf(found, pictures);
  const { files, made } = await place(
    target,
    async (path) => {
      await write(model, path, format, options);
      const written = await readCheckpoint(path);
      if (written.classNames === undefined) await addLabels(model, path, target);
      const again = await reopened(written, model, path, format);
      const check = compareAnswers(expected, await answersOf(again, pictures));
      const rounded = calibration !== undefined && again !== model && !(again instanceof QuantizedModel);
      const integers = rounded ? compareAnswers(expected, await answersOf(model, pictures)) : undefined;
      signal.throwIfAborted();
      return { written, check, integers };
    },
    signal,
  );
  // The report says how pixels are scaled now.
  const described = { ...checkpoint, preprocessing: found.preprocessing };
  return { checkpoint: described, target, format, found, files, ...made, calibration };
}

interface Source {
  readonly checkpoint: CheckpointFile;
  /** What the file itself does not say. */
  readonly architecture: ArchitectureOptions;
}

async function openSource(source: string, options: ConvertOptions, signal: AbortSignal): Promise<Source> {
  const { alpha, size, classes, top } = options;
  const published = existsSync(source) ? undefined : publishedModel(source);
  const bar = downloadBar(published === undefined ? source : "imagenet");
  const onProgress = bar.update.bind(bar);
  try {
    if (published === undefined) {
      const checkpoint = await readCheckpoint(source, { signal, onProgress });
      return { checkpoint, architecture: { alpha, size, classes, top } };
    }
    if ((alpha ?? size ?? classes) !== undefined) {
      throw valueError(`${source} has its alpha, size and classes in its name.`);
    }
    const { alpha: width, rows } = published;
    const bytes = await fetchWeights({ alpha: width, rows, includeTop: top !== false }, { signal, onProgress });
    const checkpoint = await readCheckpoint(bytes);
    const classNames = top === false ? undefined : imagenetClasses().map(({ label }) => label);
    return {
      checkpoint: { ...checkpoint, classNames, preprocessing: KERAS_PIXELS },
      architecture: { alpha: width, size: rows, top },
    };
  } catch (error) {
    const named = namedError(error, source);
    if (!source.startsWith("mobilenetv2_") || !(named instanceof MobileNetV2Error) || named.code !== "IOError")
      throw named;
    throw new MobileNetV2Error("IOError", `${named.message} Nor is it the name of a published model: see \`models\`.`);
  } finally {
    bar.stop();
  }
}

/** Takes the names of the user's file. @throws ValueError if the model has more or fewer classes. */
async function nameClasses(model: OpenedModel, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const names = (await readLabels(path)).map(nameOfLabel);
  const classes = outputShapeOf(model).at(-1);
  if (names.length !== classes) {
    throw valueError(
      `${path} names ${names.length} classes, but the model answers with ${classes ?? "any number of"} numbers.`,
    );
  }
  model.classNames = names;
}

interface Prepared {
  readonly model: OpenedModel;
  readonly calibration: Calibration | undefined;
  /** Pictures to compare answers with. */
  readonly pictures: readonly (readonly Tensor[])[];
}

function unchanged(model: OpenedModel, size: number | undefined): Prepared {
  // A size is a mistake only if it does not fit.
  if (size !== undefined) pictureFormat(inputShapeOf(model), { size });
  return { model, calibration: undefined, pictures: [seededInputs(model, size)] };
}

async function toIntegers(
  found: OpenedModel,
  { calibrate: folder = "", pictures: wanted = DEFAULT_PICTURES, paths, size }: PreparedOptions,
  signal: AbortSignal,
): Promise<Prepared> {
  if (found instanceof QuantizedModel) {
    throw valueError("The model is quantized already: leave --int8 and --calibrate away.");
  }
  const format = pictureFormat(inputShapeOf(found), { size, preprocessing: found.preprocessing });
  const bar = progressBar("Calibrating", (done, total) => `${done} of ${total} pictures`);
  const onProgress = bar.update.bind(bar);
  const pictures = new CalibrationPictures(paths, { format, count: wanted, signal, onProgress });
  const model = await quantize(found, pictures).finally(() => bar.stop());
  return {
    model,
    calibration: { folder, found: paths.length, used: pictures.count, unread: pictures.unread },
    pictures: pictures.kept.map((picture) => [picture]),
  };
}

async function write(
  model: OpenedModel,
  path: string,
  format: string,
  { io, float16 = false }: ConvertOptions,
): Promise<void> {
  const dtype = float16 ? "float16" : "float32";
  if (model instanceof QuantizedModel) await model.save(path, { format, io });
  else if (WEIGHTS_ONLY.has(format)) await model.saveWeights(path, { format, dtype });
  else await model.save(path, { format, dtype });
}

/** What was written as a model. */
async function reopened(
  written: CheckpointFile,
  model: OpenedModel,
  path: string,
  format: string,
): Promise<OpenedModel> {
  if (written.quantized === true) return loadQuantized(written.bytes);
  if (!WEIGHTS_ONLY.has(format) || model instanceof QuantizedModel) return loadAnyModel(path, { compile: false });
  await model.loadWeights(path);
  return model;
}

/** Names of classes go beside a file that has no place for them. */
async function addLabels({ classNames }: OpenedModel, path: string, target: string): Promise<void> {
  if (classNames === undefined) return;
  const isFolder = (await stat(systemPath(path))).isDirectory();
  const text = labelsText(classNames);
  const wanted = join(isFolder ? resolve(target) : dirname(resolve(target)), "labels.txt");
  const present = await readBytes(wanted).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => undefined,
  );
  if (present === text) return;
  if (present !== undefined) {
    throw new MobileNetV2Error(
      "IOError",
      `The format has no place for the names of the classes, and ${wanted}, where they would go, is there with other names.`,
    );
  }
  await writeBytes(join(isFolder ? path : dirname(path), "labels.txt"), new TextEncoder().encode(text));
}
