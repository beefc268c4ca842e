/** What a checkpoint is, in words, as `inspect` and `convert` say it. */
import { type Recognized, recognizeMobileNetV2 } from "../../applications/recognize.ts";
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { KerasTensor } from "../../layers/layer.ts";
import type { CheckpointFile } from "../../models/files/load-model.ts";
import { architectureOf } from "../../models/files/model-from-description.ts";
import type { ModelDescription, ModelEnd, Preprocessing, UnreadModel } from "../../saving/checkpoint.ts";
import { describedInput } from "../../tasks/opened-model.ts";
import { KERAS_PIXELS } from "../../tasks/pixels.ts";
import { scalingText } from "../pictures/model-facts.ts";
import { printable, someOf } from "../terminal/format.ts";

export interface CheckpointFacts {
  readonly format: string;
  readonly origin: string;
  /** The name of the model; undefined if the file has weights only. */
  readonly model: string | undefined;
  readonly mobileNetV2: Recognized | undefined;
  /** The shape of the input without the batch; null for what may vary. */
  readonly input: Shape | undefined;
  readonly inputs: readonly ModelEnd[];
  readonly outputs: readonly ModelEnd[];
  /** The first thing in the model that is not read here; then there is no model. */
  readonly unread: string | undefined;
  readonly layers: number | undefined;
  readonly tensors: number;
  readonly parameters: number;
  readonly dtypes: readonly string[];
  readonly classNames: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
}

export function factsOf(checkpoint: CheckpointFile): CheckpointFacts {
  const { format, origin, model, tensors, weights, classNames, preprocessing } = checkpoint;
  const shapes = [...weights.values()].map(({ shape }) => shape);
  const { reason, ...ends } = checkpoint.unread ?? endsOf(model);
  return {
    format,
    origin,
    model: model?.name,
    mobileNetV2: recognizeMobileNetV2(shapes),
    input: model === undefined ? ends.inputs[0]?.shape?.slice(1) : describedInput(model),
    ...ends,
    unread: reason,
    layers: model && leavesIn(model),
    tensors: tensors.length,
    parameters: shapes.reduce((sum, shape) => sum + shape.reduce((product, axis) => product * axis, 1), 0),
    dtypes: [...new Set(tensors.map(({ dtype }) => dtype))],
    classNames,
    preprocessing,
  };
}

/** The inputs and outputs of the described model, which is made for that, without values; or the reason why it cannot be. */
function endsOf(model: ModelDescription | undefined): Omit<UnreadModel, "reason"> & { readonly reason?: string } {
  const none = { inputs: [], outputs: [] };
  if (model === undefined) return none;
  try {
    const { inputs, outputs } = architectureOf(model).model;
    const end = ({ shape, node }: KerasTensor): ModelEnd => ({ name: node.layer.name, shape });
    return { inputs: inputs.map(end), outputs: outputs.map(end) };
  } catch (error) {
    if (error instanceof MobileNetV2Error) return { ...none, reason: error.message };
    throw error;
  }
}

const NAMES_SHOWN = 6;

/** A line for each fact: its name and what is to be said of it. */
export function factLines(facts: CheckpointFacts): readonly (readonly [name: string, text: string])[] {
  const { model, mobileNetV2: known, inputs, outputs, unread, layers, tensors, parameters, dtypes } = facts;
  const { classNames, preprocessing } = facts;
  const lines: (readonly [string, string])[] = [["format", `${facts.format}, of ${facts.origin}`]];
  const kind =
    known === undefined
      ? "not a MobileNetV2, or a part of one"
      : `MobileNetV2 of alpha ${known.alpha}, ${known.includeTop ? `${known.classes} classes` : "without Keras's top"}`;
  if (unread === undefined) {
    const weightsOnly = `${kind}; the file has its weights only`;
    lines.push(["model", model === undefined ? weightsOnly : `${printable(model)}: ${kind}`]);
  } else lines.push(["not read", printable(unread)]);
  if (inputs.length > 0) lines.push(["input", endsText(inputs)]);
  if (outputs.length > 0) lines.push(["output", endsText(outputs)]);
  if (layers !== undefined) lines.push(["layers", String(layers)]);
  lines.push(["tensors", `${tensors}, ${parameters.toLocaleString("en")} parameters, ${dtypes.join(", ")}`]);
  if (unread === undefined || preprocessing !== undefined) {
    lines.push([
      "pixels",
      preprocessing === undefined
        ? `${scalingText(KERAS_PIXELS)}, assumed: the file does not say`
        : scalingText(preprocessing),
    ]);
  }
  if (classNames !== undefined) lines.push(["classes", someOf(classNames, NAMES_SHOWN)]);
  return lines;
}

/** The shapes without the batch, after their names if there are several. */
function endsText(ends: readonly ModelEnd[]): string {
  const size = ({ shape }: ModelEnd): string =>
    shape === undefined
      ? "of unknown shape"
      : shape
          .slice(1)
          .map((axis) => axis ?? "any")
          .join(" × ");
  const [only, ...more] = ends;
  if (only !== undefined && more.length === 0) return size(only);
  return someOf(
    ends.map((end) => `${end.name} ${size(end)}`),
    NAMES_SHOWN,
  );
}

function leavesIn({ layers }: ModelDescription): number {
  return layers.reduce((sum, layer) => sum + (layer.model === undefined ? 1 : leavesIn(layer.model)), 0);
}
