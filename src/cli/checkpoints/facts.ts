/** What a checkpoint is, in words, as `inspect` and `convert` say it. */
import { type Recognized, recognizeMobileNetV2 } from "../../applications/recognize.ts";
import type { Shape } from "../../core/shape.ts";
import type { CheckpointFile } from "../../models/files/load-model.ts";
import type { ModelDescription, Preprocessing } from "../../saving/checkpoint.ts";
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
  /** Why the model of the file is not read, and the shapes of its inputs and outputs, with the batch. */
  readonly unread:
    { readonly reason: string; readonly inputs: readonly Shape[]; readonly outputs: readonly Shape[] } | undefined;
  readonly layers: number | undefined;
  readonly tensors: number;
  readonly parameters: number;
  readonly dtypes: readonly string[];
  readonly classNames: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
}

export function factsOf(checkpoint: CheckpointFile): CheckpointFacts {
  const { format, origin, model, unread, tensors, weights, classNames, preprocessing } = checkpoint;
  const shapes = [...(unread === undefined ? weights.values() : tensors)].map(({ shape }) => shape);
  return {
    format,
    origin,
    model: model?.name,
    mobileNetV2: recognizeMobileNetV2(shapes),
    input: model && describedInput(model),
    unread: unread && { reason: unread.error.message, inputs: unread.inputs, outputs: unread.outputs },
    layers: model && leavesIn(model),
    tensors: tensors.length,
    parameters: shapes.reduce((sum, shape) => sum + shape.reduce((product, axis) => product * axis, 1), 0),
    dtypes: [...new Set(tensors.map(({ dtype }) => dtype))],
    classNames,
    preprocessing,
  };
}

const NAMES_SHOWN = 6;

/** A line for each fact: its name and what is to be said of it. */
export function factLines(facts: CheckpointFacts): readonly (readonly [name: string, text: string])[] {
  const {
    model,
    mobileNetV2: known,
    input,
    unread,
    layers,
    tensors,
    parameters,
    dtypes,
    classNames,
    preprocessing,
  } = facts;
  const lines: (readonly [string, string])[] = [["format", `${facts.format}, of ${facts.origin}`]];
  const kind =
    known === undefined
      ? "not a MobileNetV2, or a part of one"
      : `MobileNetV2 of alpha ${known.alpha}, ${known.includeTop ? `${known.classes} classes` : "without Keras's top"}`;
  if (unread === undefined) {
    lines.push([
      "model",
      model === undefined ? `${kind}; the file has its weights only` : `${printable(model)}: ${kind}`,
    ]);
  } else {
    lines.push(["model", "not read here (see below)"]);
    if (unread.inputs.length > 0) lines.push(["input", unread.inputs.map(sizeText).join(", ")]);
    if (unread.outputs.length > 0) lines.push(["output", unread.outputs.map(sizeText).join(", ")]);
  }
  if (input !== undefined) lines.push(["input", sizeText(input)]);
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
  if (unread !== undefined) lines.push(["unread", printable(unread.reason)]);
  return lines;
}

/** `224 × 224 × 3`. */
function sizeText(shape: Shape): string {
  return shape.map((axis) => axis ?? "any").join(" × ");
}

function leavesIn({ layers }: ModelDescription): number {
  return layers.reduce((sum, layer) => sum + (layer.model === undefined ? 1 : leavesIn(layer.model)), 0);
}
