/** What `evaluate` found as one HTML page that needs nothing from elsewhere. */
import { valueError } from "../../core/errors.ts";
import type { Tally } from "../../tasks/tally.ts";
import { escaped, factTable, page, unreadableList, wide } from "../pages/page.ts";
import { classTable, confusion } from "../pages/tally.ts";
import { percentage } from "../terminal/format.ts";
import { type Evaluation, perSecond } from "./report.ts";

/** @throws ValueError for another ending than .html, which may be that of a picture. */
export function checkPagePath(path: string): void {
  if (!/\.html?$/i.test(path)) throw valueError(`The page is written as .html. Received: ${path}`);
}

/** How many mistakes are shown: those that the model was surest of. */
const MISTAKES_SHOWN = 100;

export function evaluationPage(evaluation: Evaluation): string {
  const { model, place, tally, unreadable, labels, note } = evaluation;
  const classes = tally.classes();
  const facts: readonly (readonly [string, string])[] = [
    ["model", `${model.name}, weights ${model.weights}, ${sizeOf(model.size)}`],
    ["pictures", `${tally.pictures} of ${place}, classes by ${labels}`],
    ["top-1", percentage(tally.top1)],
    ...(tally.names.length > 5 ? [["top-5", percentage(tally.top5)] as const] : []),
    ["mean of -ln(score of what is right)", tally.logLoss.toFixed(4)],
    ["speed", `${perSecond(evaluation)} pictures a second`],
    ["preparation", JSON.stringify(evaluation.recipe)],
  ];
  return page(
    `Evaluation of ${model.name}`,
    `${factTable(facts)}
${note === undefined ? "" : `<p>${escaped(note)}</p>`}
<h2>Classes</h2>
${classTable(classes)}
${confusion(tally, classes)}
${mistakes(tally)}
${unreadableList(unreadable.map(({ error }) => error))}`,
  );
}

function mistakes({ mistakes: all }: Tally): string {
  if (all.length === 0) return "";
  const worst = all.toSorted((a, b) => b.score - a.score).slice(0, MISTAKES_SHOWN);
  const rows = worst.map(
    ({ path, actual, predicted, score }) =>
      `<tr><td>${escaped(path)}<td>${escaped(actual)}<td>${escaped(predicted)}<td class="n">${percentage(score)}`,
  );
  const title = all.length > worst.length ? `The ${worst.length} surest of ${all.length} mistakes` : "Mistakes";
  return `<h2>${title}</h2>\n${wide(`<thead><tr><th>picture<th>shows<th>taken for<th class="n">score</thead><tbody>${rows.join("\n")}</tbody>`)}`;
}

function sizeOf(size: number | readonly [number, number]): string {
  return typeof size === "number" ? `${size} × ${size}` : size.join(" × ");
}
