/** What `convert` says of what it did, for people and as JSON. */
import { basename } from "node:path";
import type { Layer } from "../../layers/layer.ts";
import type { CheckpointFile } from "../../models/files/load-model.ts";
import { Model } from "../../models/model.ts";
import { QuantizedModel } from "../../models/quantized/quantized-model.ts";
import { Sequential } from "../../models/sequential.ts";
import type { UnreadPicture } from "../../tasks/calibration.ts";
import type { Comparison } from "../../tasks/comparison.ts";
import type { OpenedModel } from "../../tasks/opened-model.ts";
import { factLines, factsOf } from "../checkpoints/facts.ts";
import type { Placed } from "../files/placing.ts";
import { megabytes, printable } from "../terminal/format.ts";

export interface Calibration {
  readonly folder: string;
  /** How many pictures are in it. */
  readonly found: number;
  readonly used: number;
  readonly unread: readonly UnreadPicture[];
}

export interface Conversion {
  readonly checkpoint: CheckpointFile;
  /** The checkpoint's model. */
  readonly found: OpenedModel;
  readonly target: string;
  readonly format: string;
  /** The main one first. */
  readonly files: readonly Placed[];
  /** What was written, read again. */
  readonly written: CheckpointFile;
  /** The checkpoint's model beside what was written. */
  readonly check: Comparison;
  /** The checkpoint's model beside the integers themselves, if what was written is integers that are read as floats here. */
  readonly integers: Comparison | undefined;
  readonly calibration: Calibration | undefined;
}

type Line = readonly [name: string, text: string];

const FEW_PICTURES = 16;

export function conversionLines(conversion: Conversion): readonly Line[] {
  const { checkpoint, calibration, target, files, written, format } = conversion;
  const lines: Line[] = [...factLines(factsOf(checkpoint)), ["mapped", mappedText(conversion)]];
  if (calibration !== undefined) lines.push(["pictures", calibrationText(calibration)]);
  const beside = files.map(({ path }) => basename(path)).filter((name) => name !== basename(target));
  const size = files.reduce((sum, { bytes }) => sum + bytes, 0);
  lines.push([
    "written",
    `${printable(target)}${beside.length > 0 ? ` (with ${beside.map(printable).join(", ")})` : ""}: ` +
      `${format}, ${megabytes(size)}, ${tensorsText(written)}`,
  ]);
  lines.push(["check", checkText(conversion)]);
  const note = noteOn(conversion);
  if (note !== undefined) lines.push(["note", note]);
  return lines;
}

export function conversionJson(conversion: Conversion): object {
  const { checkpoint, target, format, files, written, check, integers, calibration } = conversion;
  return {
    ...factsOf(checkpoint),
    mapped: {
      weights: Object.fromEntries(mappingOf(conversion)),
      unused: unusedOf(checkpoint),
    },
    ...(calibration !== undefined && { calibration }),
    target,
    targetFormat: format,
    files,
    targetTensors: written.tensors.length,
    targetDtypes: dtypesOf(written).map(([dtype]) => dtype),
    check,
    ...(integers !== undefined && { integers }),
    largestDifference: (integers ?? check).largestDifference,
    note: noteOn(conversion),
  };
}

/** The weights of the model with the tensors of the file that they are. Empty if only their order tells. */
function mappingOf({ checkpoint }: Conversion): readonly (readonly [weight: string, tensor: string])[] {
  if (checkpoint.model === undefined) return [];
  return [...checkpoint.weights].map(([weight, { name }]) => [weight, name]);
}

function unusedOf(checkpoint: CheckpointFile): readonly string[] {
  const used = new Set([...checkpoint.weights.values()].map(({ name }) => name));
  return checkpoint.tensors.map(({ name }) => name).filter((name) => !used.has(name));
}

function mappedText(conversion: Conversion): string {
  const { checkpoint, found } = conversion;
  const count = `${checkpoint.tensors.length} tensors`;
  if (found instanceof QuantizedModel) return `${count}, as they are`;
  const weights = `${weightCount(found)} weights`;
  const mapping = mappingOf(conversion);
  const [first, last] = [mapping[0], mapping.at(-1)];
  if (first === undefined || last === undefined)
    return `${count} to the ${weights} of ${printable(found.name)}, in order`;
  const unused = unusedOf(checkpoint);
  const [spare] = unused;
  const same = mapping.every(([weight, tensor]) => weight === tensor);
  const names = same
    ? `by their names: ${printable(first[0])} … ${printable(last[0])}`
    : [first, last].map(([weight, tensor]) => `${printable(tensor)} → ${printable(weight)}`).join(" … ");
  const left = spare === undefined ? "" : `; not needed: ${unused.length}, such as ${printable(spare)}`;
  return `${count} to ${weights}, ${names}${left}`;
}

function weightCount(layer: Layer): number {
  const isModel = layer instanceof Model || layer instanceof Sequential;
  return isModel ? layer.layers.reduce((sum, inner) => sum + weightCount(inner), 0) : layer.weights.length;
}

function calibrationText({ folder, found, used, unread }: Calibration): string {
  const few = used < FEW_PICTURES ? "; some dozens, like those the model will see, are better" : "";
  const lost = unread.length > 0 ? `; ${unread.length} could not be read` : "";
  return `calibrated with ${used} of ${found} in ${printable(folder)}, each squeezed to the model's size${lost}${few}`;
}

function dtypesOf({ tensors }: CheckpointFile): readonly (readonly [dtype: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const { dtype } of tensors) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
  return [...counts];
}

function tensorsText(checkpoint: CheckpointFile): string {
  const kinds = dtypesOf(checkpoint).map(([dtype, count]) => `${count} ${dtype}`);
  // Counters say the least.
  const named = checkpoint.tensors.filter(({ shape }) => shape.length > 0);
  const [first, last] = [named[0], named.at(-1)];
  const names = first === undefined || last === undefined ? "" : `: ${printable(first.name)} … ${printable(last.name)}`;
  return `${kinds.join(" and ")} tensors${names}`;
}

function checkText({ check, integers, calibration, found, format }: Conversion): string {
  const by = ({ largestDifference: most }: Comparison): string => (most === 0 ? "0" : most.toPrecision(2));
  if (calibration === undefined) {
    const rounded = format !== "safetensors" && found instanceof QuantizedModel ? `, ${AS_FLOATS}` : "";
    return `on seeded input the two differ by ${by(check)} at most${rounded}`;
  }
  const { pictures, sameBest } = integers ?? check;
  return (
    `rounded to integers, which costs this: on ${pictures} of the pictures the best is the same ${sameBest} times ` +
    `(${((100 * sameBest) / pictures).toFixed(1)} %), and answers differ by ${by(integers ?? check)} at most` +
    (integers === undefined ? "" : `; ${AS_FLOATS}, by ${by(check)}`)
  );
}

/** How ONNX and TFLite of integers are read here. */
const AS_FLOATS = "read back with its weights rounded and its activations not";

/** What the file does not hold, or the packages that it is for would do otherwise. */
function noteOn({ format, found, written }: Conversion): string | undefined {
  if (found.preprocessing !== undefined && written.preprocessing === undefined)
    return "this format does not hold how pixels are scaled: give --pixels wherever the file is opened";
  if (found instanceof QuantizedModel || !padsAsKeras(found)) return undefined;
  if (format === "torchvision") {
    return "torchvision itself pads on every side and has an epsilon of 1e-5: there the model answers otherwise until it is fine-tuned";
  }
  if (format === "timm") return 'to open it in timm: create_model(…, pad_type="same", bn_eps=1e-3)';
  return undefined;
}

/** Whether strides of 2 pad as TensorFlow does. */
function padsAsKeras(layer: Layer): boolean {
  if (layer instanceof Model || layer instanceof Sequential) return layer.layers.some(padsAsKeras);
  const { strides, padding } = layer.getConfig();
  return layer.className === "Conv2D" && padding === "same" && JSON.stringify(strides) === "[2,2]";
}
