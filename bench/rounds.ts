/** Times running engines in interleaved rounds, so that a machine that slows down slows all of them, and holds their scores together. */
import { type Engine, OURS, type Running } from "./engines.ts";

const ROUND_MS = 500;

export interface Result extends Engine {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly minimumMs: number;
  /** The median of each round. */
  readonly roundMs: readonly number[];
  /** The largest difference of a score from our f32's, as a share of the span of those. */
  readonly difference: number;
}

export async function measure(
  running: readonly Running[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Result[]> {
  const times = running.map((): (readonly number[])[] => []);
  for (let round = 0; round < rounds; round++) {
    onRound(round);
    for (const [i, engine] of running.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
      times[i]?.push(await engine.round(ROUND_MS));
    }
  }
  const reference = running.find(({ engine }) => engine.name === OURS && engine.precision === "f32")?.scores ?? [];
  return running.map(({ engine, firstMs, scores }, i): Result => {
    const mine = times[i] ?? [];
    return {
      ...engine,
      firstMs,
      medianMs: median(mine.flat()),
      minimumMs: Math.min(...mine.flat()),
      roundMs: mine.map(median),
      difference: difference(scores, reference),
    };
  });
}

/** How often `b`'s time `a` takes: the median over the rounds of one run. */
export function ratio(a: Pick<Result, "roundMs">, b: Pick<Result, "roundMs">): number {
  return median(a.roundMs.map((ms, round) => ms / (b.roundMs[round] ?? NaN)));
}

/** How often our time it takes in the same place, with the same precision and threads. */
export function ratioToOurs(result: Result, results: readonly Result[]): number | undefined {
  const { place, precision, threads } = result;
  const ours = results.find(
    (one) => one.name === OURS && one.place === place && one.precision === precision && one.threads === threads,
  );
  return ours && ratio(result, ours);
}

function difference(scores: readonly number[], reference: readonly number[]): number {
  const span = Math.max(...reference) - Math.min(...reference);
  return Math.max(...reference.map((score, i) => Math.abs(score - (scores[i] ?? NaN)))) / span;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? NaN) + high) / 2;
}
