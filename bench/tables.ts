/** The figures of a run as tables: rows of cells, for terminals and for documents. */
import { checkpoints } from "../src/applications/checkpoints.ts";
import type { Place } from "./engines.ts";
import { goals, isReached } from "./goals.ts";
import type { Precision } from "./peer.ts";
import type { Figures } from "./report-file.ts";
import { ratioToOurs } from "./rounds.ts";

/** The first row has the headers. */
export type Table = readonly (readonly string[])[];

export function engineTable({ engines }: Figures, place: Place): Table {
  const rows = engines
    .filter((result) => result.place === place)
    .map((result) => {
      const { name, precision, threads, medianMs, minimumMs, firstMs, difference } = result;
      return [
        name,
        precision,
        String(threads),
        medianMs.toFixed(2),
        minimumMs.toFixed(2),
        ratioToOurs(result, engines)?.toFixed(2) ?? "",
        firstMs.toFixed(0),
        // The peers' int8 file gives scores in steps of 1/256: there is nothing to compare in them.
        precision === "f32" ? difference.toExponential(0) : "",
      ];
    });
  const title = place === "node" ? "in Node" : "in Chromium";
  return [[title, "numbers", "threads", "median ms", "fastest ms", "× ours", "first ms", "differs by"], ...rows];
}

export function modelTable({ models }: Figures): Table {
  const cells = (name: string, precision: Precision, macs: number): string[] => {
    const found = models.find((one) => one.name === name && one.precision === precision);
    if (found === undefined) return [];
    return [found.medianMs.toFixed(2), (macs / found.medianMs / 1e6).toFixed(1), (found.memoryBytes / 1e6).toFixed(1)];
  };
  const headers = (["f32", "int8"] as const)
    .filter((precision) => models.some((one) => one.precision === precision))
    .flatMap((precision) => [`${precision} ms`, `${precision} GMAC/s`, `${precision} memory MB`]);
  return [
    ["model", "top-1 %", ...headers],
    ...checkpoints.map(({ name, macs, top1 }) => [
      name,
      top1.toFixed(1),
      ...cells(name, "f32", macs),
      ...cells(name, "int8", macs),
    ]),
  ];
}

export function goalTable(figures: Figures): Table {
  return [
    ["what", "goal", "is", ""],
    ...goals(figures).map((goal) => {
      const { what, at, is, unit } = goal;
      const verdict = is === undefined ? "not measured" : isReached(goal) ? "reached" : "missed";
      return [what, `≤ ${at} ${unit}`, is === undefined ? "" : `${is.toFixed(2)} ${unit}`, verdict];
    }),
  ];
}

/** For terminals: the first column and those with words to the left, numbers to the right. */
export function textOf(table: Table): string {
  const [headers = [], ...rows] = table;
  const columns = headers.map((_, column) => {
    const words =
      column === 0 || rows.some((row) => /[a-z≤]/.test(row[column] ?? "") && !/^\d/.test(row[column] ?? ""));
    return { words, width: Math.max(...table.map((row) => (row[column] ?? "").length)) };
  });
  return table
    .map((row) =>
      columns
        .map(({ words, width }, column) => {
          const cell = row[column] ?? "";
          return words ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** For documents. */
export function markdownOf([headers = [], ...rows]: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const aligned = headers.map((_, column) => {
    return rows.every((row) => /^[\d.e+-]*$/.test(row[column] ?? "")) ? "--:" : "---";
  });
  return [line(headers), line(aligned), ...rows.map(line)].join("\n");
}
