/** Latencies of the published models on this machine, measured with random weights, since time does not depend on their values. */
import { show, valueError } from "../core/errors.ts";
import { NUMBER, OBJECT, between, check } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { Tensor } from "../core/tensor.ts";
import type { BaseModel } from "../models/base-model.ts";
import type { QuantizedModel } from "../models/quantized/quantized-model.ts";
import type { ThreadOptions } from "../models/threads.ts";
import { type Checkpoint, checkpoints } from "./checkpoints.ts";
import { MobileNetV2 } from "./mobilenet-v2.ts";

/** The types of numbers that models compute with. */
export const PRECISIONS = ["float32", "int8"] as const;

/** The type of the numbers that a model computes with. */
export type NumberType = (typeof PRECISIONS)[number];

/** The sizes of saved quantized models in bytes, by width: one byte for each weight, two numbers for each channel, and the names. */
const INT8_BYTES: ReadonlyMap<number, number> = new Map([
  [0.35, 1804832],
  [0.5, 2109800],
  [0.75, 2801968],
  [1.0, 3692896],
  [1.3, 5605320],
  [1.4, 6338352],
]);

/**
 * The size of a published model's weights file in bytes, within a percent: the published file for `float32`, the file of the model quantized by
 * `quantize` for `int8`.
 */
export function downloadBytes(checkpoint: Pick<Checkpoint, "alpha" | "parameters">, precision: NumberType): number {
  check("downloadBytes()", "checkpoint", checkpoint, OBJECT);
  const { alpha, parameters } = checkpoint;
  check("downloadBytes()", "alpha", alpha, NUMBER);
  check("downloadBytes()", "parameters", parameters, NUMBER);
  checkPrecision(precision);
  return (precision === "int8" ? INT8_BYTES.get(alpha) : undefined) ?? parameters * 4;
}

/** The top-1 accuracy that quantization may cost, in percentage points. */
const INT8_LOSS = 0.5;

/** The top-1 accuracy to expect, in percent: the published one, or half a point less for `int8`. */
export function expectedTop1({ top1 }: Pick<Checkpoint, "top1">, precision: NumberType): number {
  return precision === "int8" ? Math.round((top1 - INT8_LOSS) * 10) / 10 : top1;
}

/** The measured latency of a model. */
export interface Measurement {
  /** Keras's name of the model. */
  readonly name: string;
  /** The type of the numbers it computed with. */
  readonly precision: NumberType;
  /** The time of a prediction of one picture in milliseconds, the median of several. */
  readonly latencyMs: number;
}

/** The options of `measureCheckpoint`. */
export interface MeasureOptions extends ThreadOptions {
  /** The type of the numbers to compute with. Default: `float32`. */
  readonly precision?: NumberType | undefined;
  /** The approximate time to measure for in milliseconds, to which the time to build the model is added. Default: 300. */
  readonly duration?: number | undefined;
}

/** The least time of one measurement in milliseconds, of as many predictions as it takes: a page's clock may tick only every 0.1 ms. */
const SAMPLE = 5;
const FEWEST_SAMPLES = 3;

/**
 * Measures the latency of a published model on this machine, with random weights. Nothing is downloaded.
 *
 * @param checkpoint an element of `checkpoints`
 * @throws ValueError for another model, an unknown precision, or an invalid duration
 */
export async function measureCheckpoint(
  checkpoint: Pick<Checkpoint, "name">,
  options: MeasureOptions = {},
): Promise<Measurement> {
  checkOptions("measureCheckpoint()", options, { threads: true, precision: true, duration: between(0, 3_600_000) });
  const { precision = "float32", duration = 300, threads } = options;
  check("measureCheckpoint()", "checkpoint", checkpoint, OBJECT);
  const { alpha, rows, name } = published(checkpoint.name);
  checkPrecision(precision);
  using floats = await MobileNetV2({ alpha, inputShape: [rows, rows, 3], weights: null, threads });
  using model = precision === "int8" ? await quantizedFrom(floats) : floats;
  const picture = new Tensor([1, rows, rows, 3], new Float32Array(rows * rows * 3).fill(0.5));
  await model.predict(picture);
  const times: number[] = [];
  for (const end = now() + duration; now() < end || times.length < FEWEST_SAMPLES;) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    times.push(await sample(() => model.predict(picture)));
    // A pause, so that signals are handled and a page stays responsive.
    await new Promise((resolve) => setTimeout(resolve));
  }
  // JavaScript engines optimize code only after a while, so the first half is dropped.
  return { name, precision, latencyMs: median(times.slice(Math.floor(times.length / 2))) };
}

async function quantizedFrom(model: BaseModel): Promise<QuantizedModel> {
  const { blankQuantized } = await import("../models/quantized/blank-quantized.ts");
  return blankQuantized(model);
}

/** Checks a precision. @throws ValueError for an unknown one. */
export function checkPrecision(precision: NumberType): void {
  if (PRECISIONS.includes(precision)) return;
  throw valueError(`\`precision\` should be one of ${PRECISIONS.join(", ")}. Received: precision=${show(precision)}`);
}

/** The published model of a name. @throws ValueError if there is none. */
function published(wanted: string): Checkpoint {
  const found = checkpoints.find(({ name }) => name === wanted);
  if (found === undefined)
    throw valueError(`\`name\` should be that of a published model. Received \`name=${show(wanted)}\``);
  return found;
}

/** The time of one call in milliseconds. */
async function sample(call: () => Promise<unknown>): Promise<number> {
  const start = now();
  for (let calls = 1; ; calls++) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    await call();
    const elapsed = now() - start;
    if (elapsed >= SAMPLE) return elapsed / calls;
  }
}

function now(): number {
  return performance.now();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
