/** Parts of pages that tell how often a model is right: tables, and how they look. */
import type { ClassTally, Tally } from "../../tasks/tally.ts";
import { percentage } from "../terminal/format.ts";

/** Of more classes, the pairs that are taken for one another most often stand in place of the matrix. */
const MATRIX_AT_MOST = 60;
const PAIRS_SHOWN = 30;
const UNREADABLE_SHOWN = 100;

/** Names of files and classes are anybody's: whatever came of them, nothing runs and nothing is loaded. */
export const CONTENT_POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`;

/** For readers of light and of dark pages. */
export const PAGE_STYLE = `
:root { --ink: #1b1b1b; --page: #fff; --stripe: #f4f6f8; --line: #d5d8dc; --rule: #888 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --page: #16181b; --stripe: #1f2327; --line: #3a4047; --rule: #777 } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--ink); background: var(--page) }
table { border-collapse: collapse; margin: 1rem 0 2rem } th, td { padding: .2rem .6rem; text-align: left; vertical-align: top }
tbody tr:nth-child(odd) { background: var(--stripe) } thead th { border-bottom: 1px solid var(--rule) }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } td.n { white-space: nowrap } .wide { overflow-x: auto } h1, h2, li, .facts td + td { overflow-wrap: anywhere }
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
  return wide(`<thead><tr><th>class${heads}<th>mostly taken for</thead><tbody>${rows.join("\n")}</tbody>`);
}

/** What is taken for what: all of it, or what is most often. */
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

/** A table that is moved sideways by itself where the page is too narrow for it. */
export function wide(rows: string): string {
  return `<div class="wide"><table>${rows}</table></div>`;
}

/** Names and what is to be said of them. */
export function factTable(facts: readonly (readonly [name: string, text: string])[]): string {
  return `<table class="facts"><tbody>${facts.map(([name, text]) => `<tr><td>${escaped(name)}<td>${escaped(text)}`).join("\n")}</tbody></table>`;
}

/** Why pictures were left out, of as many as one reads. */
export function unreadableList(reasons: readonly string[]): string {
  if (reasons.length === 0) return "";
  const items = reasons.slice(0, UNREADABLE_SHOWN).map((reason) => `<li>${escaped(reason)}`);
  const more = reasons.length - items.length;
  return `<h2>${reasons.length} pictures could not be read</h2>\n<ul>${items.join("\n")}${more > 0 ? `<li>… and ${more} more` : ""}</ul>`;
}

/** For any place in a page, attributes too; characters that turn the direction of what follows do not do so. */
export function escaped(text: string): string {
  const shown = text.replaceAll(/[\u202A-\u202E\u2066-\u2069]/g, "\uFFFD");
  return shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
