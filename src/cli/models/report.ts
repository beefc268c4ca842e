/** What `models` says, for people and as JSON: a table, or the model that was chosen. */
import { type Checkpoint, checkpoints } from "../../applications/checkpoints.ts";
import { type Measurement, type NumberType, downloadBytes } from "../../applications/measure.ts";
import type { Recommendation } from "../../applications/recommend.ts";
import { type Cell, alignedTable, megabytes } from "../terminal/format.ts";

/** The types of numbers that models are measured with. */
export const PRECISIONS = ["float32", "int8"] as const satisfies readonly NumberType[];

/** The table of the published models as text; `emphasize` is applied to the line of headers. */
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

/** What was chosen, and how a program has it; `wide` says whether it was measured with 256-bit vectors. */
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

export function recommendationJson(chosen: Recommendation): object {
  const { precision, latencyMs, downloadBytes: bytes } = chosen;
  return { ...asJson(chosen), downloadBytes: bytes, precision, ...(latencyMs !== undefined && timeJson(latencyMs)) };
}

export function modelsJson(measured: readonly Measurement[] | undefined): readonly object[] {
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
