/** Names the most accurate published model that a budget of time and download allows, on this machine. */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
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

export interface RecommendOptions extends ThreadOptions {
  /** The most milliseconds that a prediction of one picture may take. */
  readonly latencyMs?: number | undefined;
  /** The most bytes that the weights may have. */
  readonly downloadBytes?: number | undefined;
  /** Which numbers models may compute with. Default: `["float32", "int8"]`. */
  readonly precisions?: readonly NumberType[] | undefined;
  /** Times that were measured before (`measureCheckpoint`), of the models to choose from. Without them this machine is measured. */
  readonly measurements?: readonly Measurement[] | undefined;
}

export interface Recommendation extends Checkpoint {
  readonly precision: NumberType;
  /** Milliseconds of a prediction as they were measured; undefined where no time was asked for or given. */
  readonly latencyMs: number | undefined;
  readonly downloadBytes: number;
}

/** Two small models that span a fivefold of MACs with nearly the same fixed cost. */
const PROBES = ["mobilenetv2_0.35_96", "mobilenetv2_1.00_96"] as const;
/** Milliseconds of measuring each, and each model that an estimate lets pass. */
const DURATION = 100;
/** Estimates are a few percent off: models that are so much too slow by them are measured too. */
const DOUBT = 1.1;

/**
 * The most accurate published model within a budget: `await recommend({ latencyMs: 5 })`, `await recommend({ downloadBytes: 2e6 })`.
 *
 * Without `measurements` two small models of each precision are timed, with random weights, the others estimated from their
 * multiply-adds, and the model that is named was itself timed: in all about a second. Nothing is downloaded.
 *
 * @returns the model: `MobileNetV2({ alpha, inputShape: [rows, rows, 3] })`, for the precision int8 `quantize`d; with the accuracy
 *   to expect.
 * @throws ValueError for a budget that is none; LimitError where no model fits, with the one that is nearest.
 */
export async function recommend(options: RecommendOptions = {}): Promise<Recommendation> {
  checkOptions("recommend()", options, {
    threads: true,
    latencyMs: true,
    downloadBytes: true,
    precisions: true,
    measurements: true,
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
  throw valueError(`\`${name}\` should be a number of ${unit} above 0. Received \`${name}=${String(value)}\``);
}

/** The most accurate first; of those that are equal the one with fewer multiply-adds. */
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

/** Time as a fixed part and a part for each multiply-add. */
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
