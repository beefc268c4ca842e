/** The command `convert`: a checkpoint of one format into another, with a report and a comparison of what both answer. */
import {
  type AnyModel,
  type CheckpointFile,
  MobileNetV2,
  MobileNetV2Error,
  Tensor,
  labelsText,
  loadAnyModel,
  modelOf,
  readCheckpoint,
} from "../index.ts";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { factLines, factsOf } from "./checkpoint-facts.ts";
import { printable } from "./format.ts";
import { interruptible } from "./interruption.ts";
import { readLabels } from "./labels.ts";
import { type Style, styleFor } from "./style.ts";

export interface ConvertOptions {
  readonly to?: string;
  readonly labels?: string;
  readonly alpha?: number;
  readonly size?: number;
  readonly classes?: number;
  readonly top: boolean;
  readonly json?: boolean;
}

/** Formats that hold no model: what was written is compared by what it makes of the source's model. */
const WEIGHTS_ONLY = new Set(["weights.h5", "legacy-weights"]);

export async function convert(source: string, target: string, options: ConvertOptions): Promise<void> {
  const checkpoint = await interruptible(({ signal }) => readCheckpoint(source, { signal }));
  const model = await modelFor(source, checkpoint, options);
  if (options.labels !== undefined) {
    model.classNames = (await readLabels(options.labels)).map((label) =>
      typeof label === "string" ? label : label.label,
    );
  }
  const format = options.to;
  await (isWeights(target, format) ? model.saveWeights(target, { format }) : model.save(target, { format }));
  const labels = await labelsWritten(model, target, format);
  const difference = await compare(model, target, format);
  const facts = factsOf(checkpoint);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ ...facts, target, labels, largestDifference: difference }, null, 2)}\n`);
    return;
  }
  const lines = [...factLines(facts), ...writtenLines()];
  const style: Style = styleFor(process.stdout);
  process.stdout.write(`${lines.map(([name, said]) => `${style.bold(name.padEnd(8))} ${said}`).join("\n")}\n`);

  function writtenLines(): readonly (readonly [string, string])[] {
    return [
      ["written", printable(labels === undefined ? target : `${target}, ${labels}`)],
      ["check", `on seeded input the two differ by ${difference} at most`],
    ];
  }
}

/** The file's own model; or, for weights alone, the MobileNetV2 that their shapes and the options name. */
async function modelFor(source: string, checkpoint: CheckpointFile, options: ConvertOptions): Promise<AnyModel> {
  if (checkpoint.model !== undefined) return modelOf(checkpoint, { threads: 1 });
  const known = factsOf(checkpoint).mobileNetV2;
  const { alpha = known?.alpha ?? 1, size = 224, classes = known?.classes } = options;
  const model = await MobileNetV2({
    weights: null,
    alpha,
    inputShape: [size, size, 3],
    includeTop: options.top && known?.includeTop !== false,
    classes,
    threads: 1,
  });
  await model.loadWeights(source);
  return model;
}

function isWeights(target: string, format: string | undefined): boolean {
  return format === undefined ? target.endsWith(".weights.h5") : WEIGHTS_ONLY.has(format);
}

/** Names of classes go beside a file that has no place for them. */
async function labelsWritten(model: AnyModel, target: string, format: string | undefined): Promise<string | undefined> {
  const { classNames } = model;
  if (classNames === undefined || (await readCheckpoint(target)).classNames !== undefined) return undefined;
  const path = (await stat(target)).isDirectory() ? join(target, "labels.txt") : join(target, "..", "labels.txt");
  const text = labelsText(classNames);
  const present = await readFile(path, "utf8").catch(() => undefined);
  if (present !== undefined && present !== text) {
    throw new MobileNetV2Error(
      "IOError",
      `${target} was written, but ${format ?? "it"} has no place for the names of the classes, and ${path} is there already.`,
    );
  }
  await writeFile(path, text);
  return path;
}

/** The largest difference between what the source's model and the written one answer to one picture of noise. */
async function compare(model: AnyModel, target: string, format: string | undefined): Promise<number> {
  const shapes = model.inputs.map(({ shape }) => shape.map((axis, i) => axis ?? (i === 0 ? 1 : SIZE_WHERE_ANY)));
  const inputs = shapes.map((shape) => new Tensor(shape, noise(shape.reduce((a, b) => a * b, 1))));
  const expected = await model.predictAll(inputs);
  const written = isWeights(target, format) ? model : await loadAnyModel(target, { threads: 1 });
  if (written === model) await model.loadWeights(target);
  const actual = await written.predictAll(inputs);
  let largest = actual.length === expected.length ? 0 : Infinity;
  for (const [i, { data }] of expected.entries()) {
    const other = actual[i]?.data ?? new Float32Array();
    if (other.length !== data.length) largest = Infinity;
    for (const [k, value] of data.entries()) largest = Math.max(largest, Math.abs(value - (other[k] ?? NaN)));
  }
  return largest;
}

const SIZE_WHERE_ANY = 96;

/** Numbers in [−1, 1) that are the same every time (xorshift32). */
function noise(count: number): Float32Array {
  let state = 0x9e3779b9;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  });
}
