/** What `classify` answers, for people and as JSON. */
import type { Prediction } from "../../applications/class-names.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { type ModelFacts, pixelsNote } from "../pictures/model-facts.ts";
import { bar, duration, percent, printable } from "../terminal/format.ts";
import type { Style } from "../terminal/style.ts";

/** All times in milliseconds. */
export interface Answer {
  readonly picture: string;
  readonly predictions: readonly Prediction[];
  readonly decode: number;
  readonly predict: number;
}

export interface Failure {
  readonly picture: string;
  readonly error: { readonly code: ErrorCode | "Error"; readonly message: string };
}

const BAR_WIDTH = 24;

/** A picture's name, its best classes with bars, and how long it took. */
export function answerText({ picture, predictions, decode, predict }: Answer, style: Style): string {
  return [
    style.bold(printable(picture)),
    ...predictions.map(
      ({ label, score }) => `  ${percent(score)}  ${style.bar(bar(score, BAR_WIDTH))}  ${printable(label)}`,
    ),
    style.dim(`  decoded in ${duration(decode)}, predicted in ${duration(predict)}`),
    "",
  ].join("\n");
}

/** The line that ends the answers. */
export function modelText({ name, weights, pixels, load }: ModelFacts, style: Style): string {
  const known: Readonly<Record<string, string>> = { imagenet: "ImageNet weights", nsfwjs: "weights of nsfwjs" };
  const said = [`${name}, ${known[weights] ?? `weights of ${printable(weights)}`}, loaded in ${duration(load)}`];
  return style.dim([...said, pixelsNote(pixels)].filter((part) => part !== undefined).join("; "));
}

/** The document that `--json` prints. */
export function reportJson(facts: ModelFacts, results: readonly (Answer | Failure)[], total: number): string {
  const { load, ...model } = facts;
  const pictures = results.map((result) => {
    if ("error" in result) return result;
    const { decode, predict, ...answer } = result;
    return { ...answer, milliseconds: { decode: rounded(decode), predict: rounded(predict) } };
  });
  return JSON.stringify({ model, pictures, milliseconds: { load: rounded(load), total: rounded(total) } }, null, 2);
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
