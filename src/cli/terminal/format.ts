/** Numbers, bars and tables as text. */
import { escapedBytes } from "../../platform/node/byte-names.ts";

/** A cell of a table: text to the left, numbers to the right. */
export type Cell = string | { readonly number: string };

/** The lines of a table with its columns aligned; the first row has the headers, which are aligned as the cells below them. */
export function alignedTable(rows: readonly (readonly Cell[])[]): string[] {
  const [header = [], ...body] = rows;
  const columns = header.map((_, column) => {
    const numeric = typeof body[0]?.[column] === "object";
    return { numeric, width: Math.max(...rows.map((row) => textOf(row[column]).length)) };
  });
  return rows.map((row) =>
    columns
      .map(({ numeric, width }, column) => {
        const text = textOf(row[column]);
        return numeric ? text.padStart(width) : text.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === "object" ? cell.number : (cell ?? "");
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `width` characters for a fraction of 1, in steps of an eighth of a character, filled up with spaces. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, Number.isNaN(fraction) ? 0 : fraction)) * width * 8);
  return `${"█".repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8] ?? ""}`.padEnd(width);
}

/** A part of 1: `62.3 %`. */
export function percentage(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** The same as wide as `100.0 %`, for columns: ` 62.3 %`. */
export function percent(part: number): string {
  return percentage(part).padStart(7);
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The first names of a list, and if there are more, how many in all. */
export function someOf(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).map(printable).join(", ");
  return names.length > most ? `${shown}, … (${names.length} in all)` : shown;
}

/** `1 picture`, `4 pictures`. */
export function pictureCount(pictures: number): string {
  return `${pictures} picture${pictures === 1 ? "" : "s"}`;
}

export function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/**
 * Text from outside, with all that steers a terminal replaced: control characters, and marks that turn the direction of writing. Bytes of names
 * that are not UTF-8 are shown as `\xE9`.
 */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return escapedBytes(text).replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "�");
}
