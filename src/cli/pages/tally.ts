/** Parts of pages that tell how often a model is right: a table of the classes, and what is taken for what. */
import type { ClassTally, Tally } from "../../tasks/tally.ts";
import { percentage } from "../terminal/format.ts";
import { escaped, wide } from "./page.ts";

/** With more classes, the pairs that are most often taken for one another stand in place of the matrix. */
const MATRIX_AT_MOST = 60;
const PAIRS_SHOWN = 30;

/** A table with a row for each class. */
export function classTable(classes: readonly ClassTally[]): string {
  const part = (value: number | undefined): string => `<td class="n">${value === undefined ? "" : percentage(value)}`;
  const rows = classes.map(
    ({ name, pictures, top1, recall, precision, f1, takenFor }) =>
      `<tr><td>${escaped(name)}<td class="n">${pictures}<td class="n">${top1}${part(recall)}${part(precision)}${part(f1)}<td>${
        takenFor === undefined ? "" : `${escaped(takenFor.name)} (${takenFor.pictures})`
      }`,
  );
  const heads = ["pictures", "right", "recall", "precision", "F1"].map((name) => `<th class="n">${name}`).join("");
  return wide(`<thead><tr><th>class${heads}<th>mostly taken for</thead><tbody>${rows.join("\n")}</tbody>`);
}

/** What is taken for what: all of it, or the most frequent pairs. */
export function confusion(tally: Tally, classes: readonly ClassTally[]): string {
  const shown = classes.length <= MATRIX_AT_MOST ? matrix(tally, classes) : pairs(tally, classes);
  return `<h2>What is taken for what</h2>\n${shown}`;
}

function matrix(tally: Tally, classes: readonly ClassTally[]): string {
  const head = classes.map(({ name }) => `<th>${escaped(name)}`).join("");
  const rows = classes.map(({ index, name, pictures }) => {
    const cells = classes.map((other) => {
      const count = tally.count(index, other.index);
      if (count === 0) return "<td>";
      const strength = Math.round((count / Math.max(1, pictures)) * 100);
      return `<td style="background:color-mix(in srgb, ${index === other.index ? "#4a9d5f" : "#d05a4a"} ${strength}%, transparent)">${count}`;
    });
    return `<tr><th>${escaped(name)}${cells.join("")}`;
  });
  const table = `<table class="matrix"><thead><tr><th>${head}</thead><tbody>${rows.join("\n")}</tbody></table>`;
  return `<p>Rows are what pictures show, columns the model's first answer.</p>\n<div class="wide">${table}</div>`;
}

function pairs(tally: Tally, classes: readonly ClassTally[]): string {
  const all = classes.flatMap((actual) =>
    classes.flatMap((taken) => {
      const pictures = actual === taken ? 0 : tally.count(actual.index, taken.index);
      return pictures === 0 ? [] : [{ actual: actual.name, taken: taken.name, pictures }];
    }),
  );
  const worst = all.toSorted((a, b) => b.pictures - a.pictures).slice(0, PAIRS_SHOWN);
  if (worst.length === 0) return "<p>Nothing.</p>";
  const rows = worst.map(
    ({ actual, taken, pictures }) => `<tr><td>${escaped(actual)}<td>${escaped(taken)}<td class="n">${pictures}`,
  );
  return wide(`<thead><tr><th>shows<th>taken for<th class="n">pictures</thead><tbody>${rows.join("\n")}</tbody>`);
}
