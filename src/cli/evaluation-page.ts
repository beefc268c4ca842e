/** What `evaluate` found as one HTML page that needs nothing from elsewhere. */
import { type Evaluation, perSecond } from "./evaluation-report.ts";
import type { ClassTally, Tally } from "./tally.ts";

/** Mistakes that the model was surest of. */
const MISTAKES_SHOWN = 100;
/** A matrix of more classes is left out: the table names what each is taken for. */
const MATRIX_AT_MOST = 60;

export function evaluationPage(evaluation: Evaluation): string {
  const { model, place, tally, unreadable, labels, note } = evaluation;
  const classes = tally.classes();
  const facts: readonly (readonly [string, string])[] = [
    ["model", `${model.name}, weights ${model.weights}, ${sizeOf(model.size)}`],
    ["pictures", `${tally.pictures} of ${place}, classes by ${labels}`],
    ["top-1", percent(tally.top1)],
    ...(tally.names.length > 5 ? [["top-5", percent(tally.top5)] as const] : []),
    ["mean of -ln(score of what is right)", tally.logLoss.toFixed(4)],
    ["speed", `${perSecond(evaluation)} pictures a second`],
    ["preparation", JSON.stringify(evaluation.recipe)],
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Evaluation of ${escaped(model.name)}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 2rem } th, td { padding: .2rem .6rem; text-align: left; vertical-align: top }
tbody tr:nth-child(odd) { background: #f4f6f8 } th { border-bottom: 1px solid #888 } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.matrix td { text-align: center; border: 1px solid #ddd; min-width: 1.6rem } .matrix th { border: 0; font-weight: normal }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); padding: .4rem .1rem }
</style>
<h1>Evaluation of ${escaped(model.name)}</h1>
<table><tbody>${facts.map(([name, value]) => `<tr><td>${escaped(name)}<td>${escaped(value)}`).join("\n")}</tbody></table>
${note === undefined ? "" : `<p>${escaped(note)}</p>`}
<h2>Classes</h2>
${classTable(classes)}
${classes.length <= MATRIX_AT_MOST ? `<h2>What is taken for what</h2>\n<p>Rows are what pictures show, columns the model's first answer.</p>\n${matrix(tally, classes)}` : ""}
${mistakes(tally)}
${unreadable.length === 0 ? "" : `<h2>Pictures that could not be read</h2>\n<ul>${unreadable.map(({ error }) => `<li>${escaped(error)}`).join("\n")}</ul>`}
</html>
`;
}

function classTable(classes: readonly ClassTally[]): string {
  const part = (value: number | undefined): string => `<td class="n">${value === undefined ? "" : percent(value)}`;
  const rows = classes.map(
    ({ name, pictures, top1, recall, precision, f1, takenFor }) =>
      `<tr><td>${escaped(name)}<td class="n">${pictures}<td class="n">${top1}${part(recall)}${part(precision)}${part(f1)}<td>${
        takenFor === undefined ? "" : `${escaped(takenFor.name)} (${takenFor.pictures})`
      }`,
  );
  const heads = ["pictures", "right", "recall", "precision", "F1"].map((name) => `<th class="n">${name}`).join("");
  return `<table><thead><tr><th>class${heads}<th>mostly taken for</thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function matrix(tally: Tally, classes: readonly ClassTally[]): string {
  const head = classes.map(({ name }) => `<th>${escaped(name)}`).join("");
  const rows = classes.map(({ index, name, pictures }) => {
    const cells = classes.map((other) => {
      const count = tally.count(index, other.index);
      if (count === 0) return "<td>";
      const strength = Math.round((count / Math.max(1, pictures)) * 100);
      return `<td style="background:color-mix(in srgb, ${index === other.index ? "#4a9d5f" : "#d05a4a"} ${strength}%, white)">${count}`;
    });
    return `<tr><th>${escaped(name)}${cells.join("")}`;
  });
  return `<table class="matrix"><thead><tr><th>${head}</thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function mistakes({ mistakes: all }: Tally): string {
  if (all.length === 0) return "";
  const worst = all.toSorted((a, b) => b.score - a.score).slice(0, MISTAKES_SHOWN);
  const rows = worst.map(
    ({ path, actual, predicted, score }) =>
      `<tr><td>${escaped(path)}<td>${escaped(actual)}<td>${escaped(predicted)}<td class="n">${percent(score)}`,
  );
  const title = all.length > worst.length ? `The ${worst.length} surest of ${all.length} mistakes` : "Mistakes";
  return `<h2>${title}</h2>\n<table><thead><tr><th>picture<th>shows<th>taken for<th class="n">score</thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function sizeOf(size: number | readonly [number, number]): string {
  return typeof size === "number" ? `${size} × ${size}` : size.join(" × ");
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
