/** What a checkpoint is, in words, as `inspect` and `convert` say it. */
import { type Recognized, recognizeMobileNetV2 } from "../../applications/recognize.ts";
import type { Shape } from "../../core/shape.ts";
import type { CheckpointFile } from "../../models/files/load-model.ts";
import type { ModelDescription, Preprocessing } from "../../saving/checkpoint.ts";
import { describedInput } from "../../tasks/opened-model.ts";
import { printable, someOf } from "../terminal/format.ts";

export interface CheckpointFacts {
  readonly format: string;
  readonly origin: string;
  /** The name of the model; undefined if the file has weights only. */
  readonly model: string | undefined;
  readonly mobileNetV2: Recognized | undefined;
  /** The shape of the input without the batch; null for what may vary. */
  readonly input: Shape | undefined;
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
  return {
    format,
    origin,
    model: model?.name,
    mobileNetV2: recognizeMobileNetV2(shapes),
    input: model && describedInput(model),
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
  const { model, mobileNetV2: known, input, layers, tensors, parameters, dtypes, classNames, preprocessing } = facts;
  const lines: (readonly [string, string])[] = [["format", `${facts.format}, of ${facts.origin}`]];
  const size = input === undefined ? undefined : input.map((axis) => axis ?? "any").join(" × ");
  const kind =
    known === undefined
      ? "not a MobileNetV2, or a part of one"
      : `MobileNetV2 of alpha ${known.alpha}, ${known.includeTop ? `${known.classes} classes` : "without Keras's top"}`;
  lines.push([
    "model",
    model === undefined ? `${kind}; the file has its weights only` : `${printable(model)}: ${kind}`,
  ]);
  if (size !== undefined) lines.push(["input", size]);
  if (layers !== undefined) lines.push(["layers", String(layers)]);
  lines.push(["tensors", `${tensors}, ${parameters.toLocaleString("en")} parameters, ${dtypes.join(", ")}`]);
  lines.push([
    "pixels",
    preprocessing === undefined ? "as preprocessInput scales them: x / 127.5 − 1" : scaling(preprocessing),
  ]);
  if (classNames !== undefined) lines.push(["classes", someOf(classNames, NAMES_SHOWN)]);
  return lines;
}

function scaling({ scale, offset }: Preprocessing): string {
  const shown = (value: number | readonly number[]): string =>
    typeof value === "number" ? String(Number(value.toPrecision(6))) : `[${value.map((one) => shown(one)).join(", ")}]`;
  return `x × ${shown(scale)} + ${shown(offset)}`.replace("+ -", "− ").replace(/ \+ 0$/, "");
}

function leavesIn({ layers }: ModelDescription): number {
  return layers.reduce((sum, layer) => sum + (layer.model === undefined ? 1 : leavesIn(layer.model)), 0);
}
