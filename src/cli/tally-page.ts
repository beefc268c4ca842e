/** Parts of pages that tell how often a model is right: tables, and how they look. */
import { percentage } from "./format.ts";
import type { ClassTally, Tally } from "./tally.ts";

/** A matrix of more classes is left out: the table names what each is taken for. */
export const MATRIX_AT_MOST = 60;

/** For readers of light and of dark pages. */
export const PAGE_STYLE = `
:root { --ink: #1b1b1b; --page: #fff; --stripe: #f4f6f8; --line: #d5d8dc; --rule: #888 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --page: #16181b; --stripe: #1f2327; --line: #3a4047; --rule: #777 } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--ink); background: var(--page) }
table { border-collapse: collapse; margin: 1rem 0 2rem } th, td { padding: .2rem .6rem; text-align: left; vertical-align: top }
tbody tr:nth-child(odd) { background: var(--stripe) } thead th { border-bottom: 1px solid var(--rule) }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } td.n { white-space: nowrap } .wide { overflow-x: auto }
.matrix td { text-align: center; border: 1px solid var(--line); min-width: 1.6rem } .matrix th { border: 0; font-weight: normal }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); padding: .4rem .1rem }
`;

/** A row a class. */
export function classTable(classes: readonly ClassTally[]): string {
  const part = (value: number | undefined): string => `<td class="n">${value === undefined ? "" : percentage(value)}`;
  const rows = classes.map(
    ({ name, pictures, top1, recall, precision, f1, takenFor }) =>
      `<tr><td>${escaped(name)}<td class="n">${pictures}<td class="n">${top1}${part(recall)}${part(precision)}${part(f1)}<td>${
        takenFor === undefined ? "" : `${escaped(takenFor.name)} (${takenFor.pictures})`
      }`,
  );
  const heads = ["pictures", "right", "recall", "precision", "F1"].map((name) => `<th class="n">${name}`).join("");
  return `<table><thead><tr><th>class${heads}<th>mostly taken for</thead><tbody>${rows.join("\n")}</tbody></table>`;
}

/** Rows are what pictures show, columns what they are taken for. */
export function confusionTable(tally: Tally, classes: readonly ClassTally[]): string {
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
  return `<table class="matrix"><thead><tr><th>${head}</thead><tbody>${rows.join("\n")}</tbody></table>`;
}

/** For any place in a page, attributes too. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
