/** The command `models`: the 22 published models as a table, what this machine makes of them, and which one a budget allows. */
import {
  type Checkpoint,
  type Measurement,
  type NumberType,
  type Recommendation,
  checkpoints,
  downloadBytes,
  enableWideSimd,
  measureCheckpoint,
  recommend,
} from "../../index.ts";
import type { Budget } from "./budget.ts";
import { type Cell, alignedTable, megabytes } from "../terminal/format.ts";
import { interruptible } from "../terminal/interruption.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { styleFor } from "../terminal/style.ts";

export interface ModelsOptions {
  readonly json?: boolean;
  readonly measure?: boolean;
  readonly budget?: Budget;
  readonly threads?: number;
}

const PRECISIONS = ["float32", "int8"] as const satisfies readonly NumberType[];

export async function models({ json = false, measure = false, budget, threads }: ModelsOptions): Promise<void> {
  process.stdout.write(`${await text()}\n`);

  async function text(): Promise<string> {
    // What is measured is what this machine can do: `recommendationText` says how a program gets the same.
    const wide = (measure || budget?.latencyMs !== undefined) && enableWideSimd();
    if (budget !== undefined) {
      const chosen = await recommend({ ...budget, threads });
      return json
        ? JSON.stringify({ ...recommendationJson(chosen), wideSimd: wide }, null, 2)
        : recommendationText(chosen, wide);
    }
    const measured = measure ? await measureAll(threads) : undefined;
    if (json) return JSON.stringify(modelsJson(measured), null, 2);
    return modelsTable(styleFor(process.stdout).bold, measured);
  }
}

/** The table as text; `emphasize` is applied to the line of headers. */
export function modelsTable(emphasize: (text: string) => string, measured?: readonly Measurement[]): string {
  const headers = ["alpha", "size", "name", "MACs (M)", "params (M)", "top-1 %", "top-5 %", "download"];
  const [header = "", ...rows] = alignedTable([
    measured === undefined ? headers : [...headers, ...PRECISIONS.flatMap((name) => [`${name} ms`, "pictures/s"])],
    ...checkpoints.map((checkpoint): Cell[] => [
      { number: checkpoint.alpha.toFixed(2) },
      { number: String(checkpoint.rows) },
      checkpoint.name,
      { number: millions(checkpoint.macs, 1) },
      { number: millions(checkpoint.parameters, 2) },
      { number: checkpoint.top1.toFixed(1) },
      { number: checkpoint.top5.toFixed(1) },
      { number: megabytes(downloadBytes(checkpoint, "float32")) },
      ...timeCells(measured, checkpoint),
    ]),
  ]);
  return [emphasize(header), ...rows].join("\n");
}

function timeCells(measured: readonly Measurement[] | undefined, checkpoint: Checkpoint): Cell[] {
  if (measured === undefined) return [];
  return PRECISIONS.flatMap((precision): Cell[] => {
    const latencyMs = timeOf(measured, checkpoint, precision);
    if (latencyMs === undefined) return [{ number: "" }, { number: "" }];
    return [{ number: latencyMs.toFixed(2) }, { number: String(perSecond(latencyMs)) }];
  });
}

function timeOf(measured: readonly Measurement[], { name }: Checkpoint, precision: NumberType): number | undefined {
  return measured.find((one) => one.name === name && one.precision === precision)?.latencyMs;
}

async function measureAll(threads: number | undefined): Promise<readonly Measurement[]> {
  const all = checkpoints.flatMap((checkpoint) => PRECISIONS.map((precision) => ({ checkpoint, precision })));
  const measured: Measurement[] = [];
  const bar = progressBar("Measuring", (done, total) => `${done} of ${total}`);
  try {
    return await interruptible(async ({ signal }) => {
      for (const { checkpoint, precision } of all) {
        signal.throwIfAborted();
        bar.update(measured.length, all.length);
        // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
        measured.push(await measureCheckpoint(checkpoint, { precision, threads }));
      }
      return measured;
    });
  } finally {
    bar.stop();
  }
}

/** What was chosen, and how a program has it; `wide` where it was measured with 256-bit vectors. */
export function recommendationText(chosen: Recommendation, wide = false): string {
  const { alpha, rows, name, precision, top1, latencyMs } = chosen;
  const facts = [
    `${top1.toFixed(1)} % top-1`,
    ...(latencyMs === undefined
      ? []
      : [`${latencyMs.toFixed(2)} ms a picture here (${perSecond(latencyMs)} a second)`]),
    `${megabytes(chosen.downloadBytes)} to download`,
  ];
  const made = `await MobileNetV2({ alpha: ${alpha}, inputShape: [${rows}, ${rows}, 3] })`;
  return [
    `${name} in ${precision}: ${facts.join(", ")}`,
    ...(wide ? ["  enableWideSimd();"] : []),
    precision === "int8" ? `  await quantize(${made}, pictures)` : `  ${made}`,
  ].join("\n");
}

function recommendationJson(chosen: Recommendation): object {
  const { precision, latencyMs, downloadBytes: bytes } = chosen;
  return { ...asJson(chosen), downloadBytes: bytes, precision, ...(latencyMs !== undefined && timeJson(latencyMs)) };
}

function modelsJson(measured: readonly Measurement[] | undefined): readonly object[] {
  return checkpoints.map((checkpoint) => {
    if (measured === undefined) return asJson(checkpoint);
    const times = PRECISIONS.map((precision) => {
      const latencyMs = timeOf(measured, checkpoint, precision);
      return [precision, latencyMs === undefined ? null : timeJson(latencyMs)];
    });
    return { ...asJson(checkpoint), measured: Object.fromEntries(times) };
  });
}

function asJson(checkpoint: Checkpoint): object {
  const { alpha, rows: size, name, macs, parameters, top1, top5 } = checkpoint;
  return { alpha, size, name, macs, parameters, top1, top5, downloadBytes: downloadBytes(checkpoint, "float32") };
}

function timeJson(latencyMs: number): object {
  return { latencyMs: Math.round(latencyMs * 1000) / 1000, picturesPerSecond: perSecond(latencyMs) };
}

function perSecond(latencyMs: number): number {
  return Math.round(1000 / latencyMs);
}

function millions(count: number, digits: number): string {
  return (count / 1e6).toFixed(digits);
}
