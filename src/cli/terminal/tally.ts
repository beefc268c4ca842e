/** How often a model is right, as lines for a terminal. */
import type { ClassTally, Tally } from "../../tasks/tally.ts";
import { type Cell, alignedTable, bar, percent, percentage, printable } from "./format.ts";
import type { Style } from "./style.ts";

/** Of more classes than this, which would not fit on a page, the worst are shown. */
const ROWS_SHOWN = 30;
/** A matrix of more columns does not fit on a terminal. */
const MATRIX_AT_MOST = 12;
const BAR_WIDTH = 12;

/**
 * Top-1, top-5 of more than five classes, a row for each class, and the confusion matrix of few classes.
 * @param page what shows all classes: a file, or an option that writes one
 */
export function tallyLines(tally: Tally, style: Style, page: string): readonly string[] {
  const classes = tally.classes();
  const lines = [
    `${style.bold("top-1")}  ${percent(tally.top1)}  ${style.bar(bar(tally.top1, BAR_WIDTH * 2))}`,
    ...(tally.names.length > 5
      ? [`${style.bold("top-5")}  ${percent(tally.top5)}  ${style.bar(bar(tally.top5, BAR_WIDTH * 2))}`]
      : []),
    "",
    ...classTable(classes, style, page),
  ];
  if (tally.names.length <= MATRIX_AT_MOST && tally.names.length > 1) lines.push("", ...matrixText(tally, style));
  return lines;
}

function classTable(classes: readonly ClassTally[], style: Style, page: string): readonly string[] {
  const shown = classes.filter(({ pictures }) => pictures > 0);
  const isCut = shown.length > ROWS_SHOWN;
  const rows = isCut
    ? shown.toSorted((a, b) => (a.recall ?? 0) - (b.recall ?? 0) || a.index - b.index).slice(0, ROWS_SHOWN)
    : shown;
  const [header = "", ...lines] = alignedTable([
    ["class", "pictures", "right", "recall", "precision", "F1", "mostly taken for"],
    ...rows.map(classCells),
  ]);
  const rest = shown.length - rows.length;
  return [
    style.bold(header),
    ...lines,
    ...(isCut ? [style.dim(`… the worst; ${rest} more classes are in --json and ${page}`)] : []),
  ];
}

function classCells({ name, pictures, top1, recall, precision, f1, takenFor }: ClassTally): readonly Cell[] {
  const part = (value: number | undefined): Cell => ({ number: value === undefined ? "" : percentage(value) });
  return [
    printable(name),
    { number: String(pictures) },
    { number: String(top1) },
    part(recall),
    part(precision),
    part(f1),
    takenFor === undefined ? "" : `${printable(takenFor.name)} (${takenFor.pictures})`,
  ];
}

/** Rows are what pictures show, columns what they are taken for. */
function matrixText(tally: Tally, style: Style): readonly string[] {
  const { names } = tally;
  const letters = names.map((_, index) => String.fromCodePoint(97 + index));
  const [header = "", ...lines] = alignedTable([
    ["shown \\ taken for", "", ...letters],
    ...names.map((name, actual) => [
      printable(name),
      letters[actual] ?? "",
      ...names.map((_, predicted): Cell => {
        const count = tally.count(actual, predicted);
        return { number: count === 0 ? "·" : String(count) };
      }),
    ]),
  ]);
  return [style.bold(header), ...lines];
}
