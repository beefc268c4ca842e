/** The command `models`: the 22 published models as a table. */
import { type Checkpoint, checkpoints } from "../index.ts";
import { type Cell, alignedTable } from "./format.ts";
import { styleFor } from "./style.ts";

export interface ModelsOptions {
  readonly json?: boolean;
}

export function models({ json = false }: ModelsOptions): void {
  const text = json ? JSON.stringify(checkpoints.map(asJson), null, 2) : modelsTable(styleFor(process.stdout).bold);
  process.stdout.write(`${text}\n`);
}

/** The table as text; `emphasize` is applied to the line of headers. */
export function modelsTable(emphasize: (text: string) => string): string {
  const [header = "", ...rows] = alignedTable([
    ["alpha", "size", "name", "MACs (M)", "params (M)", "top-1 %", "top-5 %", "download"],
    ...checkpoints.map((checkpoint): Cell[] => [
      { number: checkpoint.alpha.toFixed(2) },
      { number: String(checkpoint.rows) },
      checkpoint.name,
      { number: millions(checkpoint.macs, 1) },
      { number: millions(checkpoint.parameters, 2) },
      { number: checkpoint.top1.toFixed(1) },
      { number: checkpoint.top5.toFixed(1) },
      { number: `${millions(downloadBytes(checkpoint), 1)} MB` },
    ]),
  ]);
  return [emphasize(header), ...rows].join("\n");
}

function millions(count: number, digits: number): string {
  return (count / 1e6).toFixed(digits);
}

/** The weights are float32; the file's own overhead is below a percent. */
function downloadBytes({ parameters }: Checkpoint): number {
  return parameters * 4;
}

function asJson(checkpoint: Checkpoint): object {
  const { alpha, rows: size, name, macs, parameters, top1, top5 } = checkpoint;
  return { alpha, size, name, macs, parameters, top1, top5, downloadBytes: downloadBytes(checkpoint) };
}
