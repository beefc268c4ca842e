/** Text tables with lines between rows, laid out exactly as the Python package rich does (rich.table, rich._wrap). */

/** A column of a table. */
export interface Column {
  readonly header: string;
  readonly align: "left" | "right" | "center";
  /** The preferred width of the content; columns shrink evenly if the table is too narrow. */
  readonly width: number;
}

/** The lines of a table that is `length` characters wide. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  length: number,
): string[] {
  const widths = fit(
    columns.map(({ width }) => width + 2),
    length - columns.length - 1,
  );
  const rule = (left: string, line: string, cross: string, right: string): string =>
    left + widths.map((width) => line.repeat(width)).join(cross) + right;
  const body = (cells: readonly string[], edge: string): string[] => {
    const wrapped = columns.map(({ align }, i) =>
      wrap(cells[i] ?? "", (widths[i] ?? 2) - 2).map((text) => pad(text, (widths[i] ?? 2) - 2, align)),
    );
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const texts = wrapped.map((lines, i) => ` ${lines[line] ?? " ".repeat((widths[i] ?? 2) - 2)} `);
      return edge + texts.join(edge) + edge;
    });
  };
  const lines = [
    rule("┏", "━", "┳", "┓"),
    ...body(
      columns.map(({ header }) => header),
      "┃",
    ),
    rule("┡", "━", "╇", "┩"),
  ];
  for (const [i, row] of rows.entries()) {
    if (i > 0) lines.push(rule("├", "─", "┼", "┤"));
    lines.push(...body(row, "│"));
  }
  return [...lines, rule("└", "─", "┴", "┘")];
}

/** The widths reduced evenly to fit into the room (rich's `ratio_reduce`). */
function fit(widths: readonly number[], room: number): number[] {
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  let columns = widths.length;
  if (excess <= 0) return [...widths];
  return widths.map((width) => {
    const cut = Math.min(width, roundHalfEven(excess / columns));
    excess -= cut;
    columns--;
    return width - cut;
  });
}

/** The nearest integer; halves are rounded to the even one, as by Python's `round`. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The lines of a text, broken at spaces; a word that is too long for a line is cut off with an ellipsis. */
function wrap(text: string, width: number): string[] {
  const breaks: number[] = [];
  let offset = 0;
  for (const match of text.matchAll(/\s*\S+\s*/g)) {
    const [word] = match;
    const visible = word.trimEnd().length;
    if (width - offset >= visible) {
      offset += word.length;
    } else {
      if (match.index > 0 && (visible > width || offset > 0)) breaks.push(match.index);
      offset = word.length;
    }
  }
  return [0, ...breaks].map((start, i) => {
    const line = text.slice(start, breaks[i] ?? text.length);
    const trimmed = line.length > width ? line.trimEnd() : line;
    return trimmed.length > width ? `${trimmed.slice(0, width - 1)}…` : trimmed;
  });
}

function pad(text: string, width: number, align: Column["align"]): string {
  const room = Math.max(0, width - text.trimEnd().length);
  const content = text.trimEnd();
  if (align === "left") return content + " ".repeat(room);
  if (align === "right") return " ".repeat(room) + content;
  const left = Math.floor(room / 2);
  return " ".repeat(left) + content + " ".repeat(room - left);
}
