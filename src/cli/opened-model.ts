/** Models of checkpoints as commands need them: floats or integers, with what the file does not say from the options. */
import {
  type AnyModel,
  type CheckpointFile,
  MobileNetV2,
  MobileNetV2Error,
  QuantizedModel,
  type Recognized,
  type Shape,
  loadQuantized,
  modelOf,
  readCheckpoint,
  recognizeMobileNetV2,
} from "../index.ts";
import type { Loading } from "./terminal/download-bar.ts";
import { DEFAULT_SIZE } from "./picture-input.ts";

/** The checkpoint of a file, a folder or an address. Files are at hand: only what comes over the network has a progress to show. */
export async function checkpointAt(source: string, { signal, onProgress }: Loading): Promise<CheckpointFile> {
  return await readCheckpoint(source, { signal, onProgress: /^https?:/i.test(source) ? onProgress : undefined });
}

/** The MobileNetV2 that the weights are of, by their shapes. */
export function recognizedIn({ weights }: Pick<CheckpointFile, "weights">): Recognized | undefined {
  return recognizeMobileNetV2([...weights.values()].map(({ shape }) => shape));
}

/** What a file of weights alone cannot say. */
export interface ArchitectureOptions {
  readonly alpha?: number | undefined;
  readonly size?: number | undefined;
  readonly classes?: number | undefined;
  readonly top?: boolean | undefined;
}

export type OpenedModel = AnyModel | QuantizedModel;

/** @throws ValueError where options say otherwise than the file. */
export async function openModel(
  checkpoint: CheckpointFile,
  options: ArchitectureOptions,
  threads?: number,
): Promise<OpenedModel> {
  if (checkpoint.model === undefined) return modelOfWeights(checkpoint, options, threads);
  const known = recognizedIn(checkpoint);
  refuseOptions("The file has its own model, of", known, options);
  return checkpoint.quantized === true
    ? loadQuantized(checkpoint.bytes, { threads })
    : modelOf(checkpoint, { threads, compile: false });
}

/** The MobileNetV2 that the shapes of weights and the options name. */
async function modelOfWeights(
  checkpoint: CheckpointFile,
  { alpha, size = DEFAULT_SIZE, classes, top = true }: ArchitectureOptions,
  threads: number | undefined,
): Promise<AnyModel> {
  const known = recognizedIn(checkpoint);
  if (known === undefined && alpha === undefined) {
    throw new MobileNetV2Error(
      "ValueError",
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
    // Where the option is the mistake, no layer is to be named.
    refuseOptions("The weights are of", known, { alpha, classes, top });
    throw error;
  }
  model.classNames = checkpoint.classNames;
  return model;
}

/** @throws ValueError naming the first option that says otherwise than the file. */
function refuseOptions(
  found: string,
  known: Recognized | undefined,
  { alpha, classes, top }: ArchitectureOptions,
): void {
  const message =
    alpha !== undefined && alpha !== known?.alpha
      ? `${known === undefined ? "no MobileNetV2" : `alpha ${known.alpha}`}. Received: --alpha ${alpha}`
      : classes !== undefined && classes !== known?.classes
        ? `${known?.classes === undefined ? "a model without Keras's top" : `${known.classes} classes`}. Received: --classes ${classes}`
        : top === false && known?.includeTop !== false
          ? "a model with its top. Received: --no-top"
          : undefined;
  if (message !== undefined) throw new MobileNetV2Error("ValueError", `${found} ${message}`);
}

/** The shapes of a model's inputs without the batch; null for what may vary. */
export function inputShapesOf(model: OpenedModel): readonly Shape[] {
  const shapes = model instanceof QuantizedModel ? model.inputShapes : model.inputs.map(({ shape }) => shape);
  return shapes.map((shape) => shape.slice(1));
}

/** That of the one picture. @throws ValueError where the model has several inputs. */
export function inputShapeOf(model: OpenedModel): Shape {
  const [shape = [], ...more] = inputShapesOf(model);
  if (more.length === 0) return shape;
  throw new MobileNetV2Error("ValueError", `Model '${model.name}' has ${more.length + 1} inputs, not one picture.`);
}

/** The shape of its answers without the batch; several outputs count as the first. */
export function outputShapeOf(model: OpenedModel): Shape {
  return model.output.shape.slice(1);
}
