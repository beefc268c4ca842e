/** How long the published models take on this machine. Time does not depend on the weights' values: random ones will do. */
import { show, valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { Tensor } from "../core/tensor.ts";
import type { BaseModel } from "../models/base-model.ts";
import type { QuantizedModel } from "../models/quantized/quantized-model.ts";
import type { ThreadOptions } from "../models/threads.ts";
import { type Checkpoint, checkpoints } from "./checkpoints.ts";
import { MobileNetV2 } from "./mobilenet-v2.ts";

/** The numbers that models compute with. */
export const PRECISIONS = ["float32", "int8"] as const;

export type NumberType = (typeof PRECISIONS)[number];

/** Bytes of the files that quantized models are saved to, by width: a byte a weight, two numbers a channel, and the names. */
const INT8_BYTES: ReadonlyMap<number, number> = new Map([
  [0.35, 1804832],
  [0.5, 2109800],
  [0.75, 2801968],
  [1.0, 3692896],
  [1.3, 5605320],
  [1.4, 6338352],
]);

/** Bytes of a model's weights file, within a percent: of the published one for float32, of a `quantize`d model's for int8. */
export function downloadBytes(
  { alpha, parameters }: Pick<Checkpoint, "alpha" | "parameters">,
  precision: NumberType,
): number {
  return (precision === "int8" ? INT8_BYTES.get(alpha) : undefined) ?? parameters * 4;
}

/** Points of top-1 that quantization may cost. */
const INT8_LOSS = 0.5;

/** The top-1 accuracy to expect, in percent: as published, or somewhat less for int8. */
export function expectedTop1({ top1 }: Pick<Checkpoint, "top1">, precision: NumberType): number {
  return precision === "int8" ? Math.round((top1 - INT8_LOSS) * 10) / 10 : top1;
}

export interface Measurement {
  /** Keras's name of the model. */
  readonly name: string;
  readonly precision: NumberType;
  /** Milliseconds of one prediction of one picture: the median of several. */
  readonly latencyMs: number;
}

export interface MeasureOptions extends ThreadOptions {
  /** Default `"float32"`. */
  readonly precision?: NumberType | undefined;
  /** About how long to measure, in milliseconds, besides the start. Default 300. */
  readonly duration?: number | undefined;
}

/** Clocks of pages may tick every 0.1 ms: so long is what is timed at once, in milliseconds. */
const SAMPLE = 5;
const FEWEST_SAMPLES = 3;

/**
 * Times one of the published models (an element of `checkpoints`), built with random weights, or quantized without any. Nothing is
 * downloaded.
 *
 * @throws ValueError for another model or precision.
 */
export async function measureCheckpoint(
  checkpoint: Pick<Checkpoint, "name">,
  options: MeasureOptions = {},
): Promise<Measurement> {
  checkOptions("measureCheckpoint()", options, { threads: true, precision: true, duration: true });
  const { precision = "float32", duration = 300, threads } = options;
  const { alpha, rows, name } = published(checkpoint.name);
  checkPrecision(precision);
  if (!(duration >= 0 && duration < Infinity)) {
    throw valueError(`\`duration\` should be a number of milliseconds. Received \`duration=${String(duration)}\``);
  }
  using floats = await MobileNetV2({ alpha, inputShape: [rows, rows, 3], weights: null, threads });
  using model = precision === "int8" ? await quantizedFrom(floats) : floats;
  const picture = new Tensor([1, rows, rows, 3], new Float32Array(rows * rows * 3).fill(0.5));
  await model.predict(picture);
  const times: number[] = [];
  for (const end = now() + duration; now() < end || times.length < FEWEST_SAMPLES;) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    times.push(await sample(() => model.predict(picture)));
    // Signals and pages get their turn.
    await new Promise((resolve) => setTimeout(resolve));
  }
  // Engines run optimized code only after a while.
  return { name, precision, latencyMs: median(times.slice(Math.floor(times.length / 2))) };
}

async function quantizedFrom(model: BaseModel): Promise<QuantizedModel> {
  const { blankQuantized } = await import("../models/quantized/blank-quantized.ts");
  return blankQuantized(model);
}

/** @throws ValueError for a name of other numbers. */
export function checkPrecision(precision: NumberType): void {
  if (PRECISIONS.includes(precision)) return;
  throw valueError(`\`precision\` should be one of ${PRECISIONS.join(", ")}. Received: precision=${show(precision)}`);
}

/** The published model of that name. @throws ValueError where there is none. */
function published(wanted: string): Checkpoint {
  const found = checkpoints.find(({ name }) => name === wanted);
  if (found === undefined)
    throw valueError(`\`name\` should be that of a published model. Received \`name=${wanted}\``);
  return found;
}

/** Milliseconds of one call. */
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
