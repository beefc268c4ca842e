/** What `evaluate` found, as text and as JSON. */
import type { ClassTally, Tally } from "../../tasks/tally.ts";
import { type ModelFacts, pixelsNote } from "../pictures/model-facts.ts";
import { pictureCount } from "../terminal/format.ts";
import type { Style } from "../terminal/style.ts";
import { tallyLines } from "../terminal/tally.ts";

export interface Evaluation {
  readonly model: ModelFacts;
  readonly place: string;
  /** How it is known what pictures show. */
  readonly labels: string;
  readonly note: string | undefined;
  readonly recipe: object;
  readonly tally: Tally;
  readonly unreadable: readonly { readonly picture: string; readonly error: string }[];
  /** From the first picture's decoding to the last one's answer. */
  readonly milliseconds: number;
}

export function perSecond({ tally, milliseconds }: Evaluation): number {
  return Math.round((tally.pictures / milliseconds) * 10_000) / 10;
}

export function evaluationText(evaluation: Evaluation, style: Style): string {
  const { tally, note, model } = evaluation;
  const pixels = pixelsNote(model.pixels);
  return [
    ...tallyLines(tally, style, "--report"),
    "",
    ...(note === undefined ? [] : [note]),
    ...(pixels === undefined ? [] : [style.dim(pixels)]),
    style.dim(`${pictureCount(tally.pictures)}, ${perSecond(evaluation)} a second; classes by ${evaluation.labels}`),
  ].join("\n");
}

export function evaluationJson(evaluation: Evaluation): string {
  const { model, place, labels, note, recipe, tally, unreadable, milliseconds } = evaluation;
  const { load, ...facts } = model;
  const classes = tally.classes();
  return JSON.stringify(
    {
      model: facts,
      data: {
        place,
        pictures: tally.pictures,
        labels,
        ...(note !== undefined && { note }),
        preparation: recipe,
        unreadable,
      },
      top1: tally.top1,
      top5: tally.top5,
      logLoss: tally.logLoss,
      classes,
      confusion: confusionCells(tally, classes),
      mistakes: tally.mistakes,
      picturesPerSecond: perSecond(evaluation),
      milliseconds: { load: Math.round(load), total: Math.round(milliseconds) },
    },
    null,
    2,
  );
}

function confusionCells(tally: Tally, classes: readonly ClassTally[]): readonly object[] {
  return classes.flatMap(({ index: actual, name }) =>
    classes.flatMap((other) => {
      const pictures = tally.count(actual, other.index);
      return pictures === 0 ? [] : [{ actual: name, predicted: other.name, pictures }];
    }),
  );
}
