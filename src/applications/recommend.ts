/** Recommends the most accurate published model within a budget of latency and download size, on this machine. */
import { MobileNetV2Error, show, valueError } from "../core/errors.ts";
import { OBJECT, listOf, oneOf, whole } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import type { ThreadOptions } from "../models/threads.ts";
import { type Checkpoint, checkpoints } from "./checkpoints.ts";
import {
  type Measurement,
  PRECISIONS,
  type NumberType,
  checkPrecision,
  downloadBytes,
  expectedTop1,
  measureCheckpoint,
} from "./measure.ts";

/** The options of `recommend`. */
export interface RecommendOptions extends ThreadOptions {
  /** The longest time of a prediction of one picture, in milliseconds. Default: no limit. */
  readonly latencyMs?: number | undefined;
  /** The largest size of the weights file, in bytes. Default: no limit. */
  readonly downloadBytes?: number | undefined;
  /** The types of numbers that the model may compute with. Default: `["float32", "int8"]`. */
  readonly precisions?: readonly NumberType[] | undefined;
  /** Earlier results of `measureCheckpoint`, for the models to choose from. Default: none, the models are measured on this machine. */
  readonly measurements?: readonly Measurement[] | undefined;
}

/** The recommended model. Its `top1` is the accuracy to expect, which for `int8` is half a point below the published one. */
export interface Recommendation extends Checkpoint {
  /** The type of the numbers to compute with: for `int8`, quantize the model with `quantize`. */
  readonly precision: NumberType;
  /** The measured time of a prediction, in milliseconds; undefined if neither `latencyMs` nor `measurements` was given. */
  readonly latencyMs: number | undefined;
  /** The size of the weights file in bytes, within a percent. */
  readonly downloadBytes: number;
}

/** Two small models with nearly the same fixed cost, of which one has about five times the multiply-accumulates of the other. */
const PROBES = ["mobilenetv2_0.35_96", "mobilenetv2_1.00_96"] as const;
/** The time to measure each model for, in milliseconds. */
const DURATION = 100;
/** Estimates are a few percent off, so models are measured if their estimate is within the budget times this. */
const DOUBT = 1.1;

/**
 * Recommends the most accurate published model within a budget, such as `await recommend({ latencyMs: 5 })` or
 * `await recommend({ downloadBytes: 2e6 })`.
 *
 * For a limit of time without `measurements`, it measures two small models of each precision, with random weights, estimates the others
 * from their multiply-accumulates, and measures those that may fit, the most accurate first: about a second in all. Nothing is downloaded.
 *
 * @returns the model to build with `MobileNetV2({ alpha, inputShape: [rows, rows, 3] })`
 * @throws ValueError for an invalid option; LimitError, which names the nearest model, if none fits
 */
export async function recommend(options: RecommendOptions = {}): Promise<Recommendation> {
  checkOptions("recommend()", options, {
    threads: whole(1),
    latencyMs: true,
    downloadBytes: true,
    precisions: listOf("a list of `float32` and `int8`", oneOf(PRECISIONS)),
    measurements: listOf("a list of results of measureCheckpoint()", OBJECT),
  });
  const { latencyMs, downloadBytes: bytes, measurements } = options;
  checkBudget("latencyMs", "milliseconds", latencyMs);
  checkBudget("downloadBytes", "bytes", bytes);
  const all = candidates(options.precisions ?? PRECISIONS);
  const small = all.filter((candidate) => bytes === undefined || candidate.downloadBytes <= bytes);
  if (small.length === 0) throw tooLarge(all, bytes ?? 0);
  if (measurements !== undefined) return fromTable(small, measurements, latencyMs);
  const [first] = small;
  if (latencyMs === undefined && first !== undefined) return first;
  return measured(small, latencyMs ?? Infinity, options);
}

function checkBudget(name: string, unit: string, value: number | undefined): void {
  if (value === undefined || (typeof value === "number" && value > 0)) return;
  throw valueError(`\`${name}\` should be a number of ${unit} above 0. Received \`${name}=${show(value)}\``);
}

/** All models of these precisions, the most accurate first; of equally accurate ones, the one with fewer multiply-accumulates. */
function candidates(precisions: readonly NumberType[]): readonly Recommendation[] {
  for (const precision of precisions) checkPrecision(precision);
  return precisions
    .flatMap((precision) =>
      checkpoints.map((checkpoint) => ({
        ...checkpoint,
        top1: expectedTop1(checkpoint, precision),
        precision,
        latencyMs: undefined,
        downloadBytes: downloadBytes(checkpoint, precision),
      })),
    )
    .toSorted((a, b) => b.top1 - a.top1 || a.macs - b.macs);
}

function fromTable(
  small: readonly Recommendation[],
  measurements: readonly Measurement[],
  budget = Infinity,
): Recommendation {
  const timed = small.flatMap((candidate): Timed[] => {
    const found = measurements.find(
      ({ name, precision }) => name === candidate.name && precision === candidate.precision,
    );
    return found === undefined ? [] : [{ ...candidate, latencyMs: found.latencyMs }];
  });
  if (timed.length === 0)
    throw valueError("`measurements` has none of the models that `downloadBytes` and `precisions` allow.");
  const fits = timed.find(({ latencyMs }) => latencyMs <= budget);
  if (fits === undefined) throw tooSlow(timed, budget);
  return fits;
}

type Timed = Recommendation & { readonly latencyMs: number };

async function measured(
  small: readonly Recommendation[],
  budget: number,
  { threads }: ThreadOptions,
): Promise<Recommendation> {
  const estimates = new Map<NumberType, (macs: number) => number>();
  const known = new Map<string, Timed>();
  const time = async (candidate: Recommendation): Promise<Timed> => {
    const { name, precision } = candidate;
    const before = known.get(`${name} ${precision}`);
    if (before !== undefined) return before;
    const { latencyMs } = await measureCheckpoint(candidate, { precision, threads, duration: DURATION });
    const timed = { ...candidate, latencyMs };
    known.set(`${name} ${precision}`, timed);
    return timed;
  };
  for (const precision of new Set(small.map((candidate) => candidate.precision))) {
    const probes: Timed[] = [];
    for (const probe of candidates([precision]).filter(({ name }) => PROBES.some((one) => one === name))) {
      // oxlint-disable-next-line no-await-in-loop -- they would slow each other
      probes.push(await time(probe));
    }
    estimates.set(precision, lineThrough(probes));
  }
  for (const candidate of small) {
    const estimate = estimates.get(candidate.precision)?.(candidate.macs) ?? Infinity;
    if (estimate > budget * DOUBT) continue;
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    const timed = await time(candidate);
    if (timed.latencyMs <= budget) return timed;
  }
  const estimated = small.map((candidate): Timed => {
    return { ...candidate, latencyMs: estimates.get(candidate.precision)?.(candidate.macs) ?? Infinity };
  });
  throw tooSlow(estimated, budget);
}

/** An estimate of the time from the multiply-accumulates: a fixed part, and a part for each of them. */
function lineThrough(probes: readonly Timed[]): (macs: number) => number {
  const [a, b] = probes.toSorted((one, other) => one.macs - other.macs);
  if (a === undefined || b === undefined) return () => Infinity;
  const slope = Math.max(0, (b.latencyMs - a.latencyMs) / (b.macs - a.macs));
  return (macs) => b.latencyMs + (macs - b.macs) * slope;
}

function tooSlow(timed: readonly Timed[], budget: number): MobileNetV2Error {
  const [fastest] = timed.toSorted((a, b) => a.latencyMs - b.latencyMs);
  const best = fastest && `${fastest.name} in ${fastest.precision}, takes about ${fastest.latencyMs.toFixed(2)} ms`;
  return new MobileNetV2Error(
    "LimitError",
    `No published model of that size predicts a picture in ${budget} ms on this machine: the fastest, ${best}. Allow more time.`,
  );
}

function tooLarge(all: readonly Recommendation[], budget: number): MobileNetV2Error {
  const [smallest] = all.toSorted((a, b) => a.downloadBytes - b.downloadBytes);
  const best = smallest && `that of ${smallest.name} in ${smallest.precision}, has ${smallest.downloadBytes} bytes`;
  return new MobileNetV2Error(
    "LimitError",
    `No published model's download has ${budget} bytes or fewer: the smallest, ${best}. Allow more.`,
  );
}
