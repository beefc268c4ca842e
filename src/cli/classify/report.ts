/** What `classify` answers, for people and as JSON. */
import type { Prediction } from "../../applications/class-names.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import { type ModelFacts, pixelsNote } from "../pictures/model-facts.ts";
import { bar, duration, percent, printable } from "../terminal/format.ts";
import type { Style } from "../terminal/style.ts";

/** The best classes, or the values of an output that has no classes. */
type Said =
  { readonly predictions: readonly Prediction[] } | { readonly shape: Shape; readonly values: readonly number[] };

/** What one of several outputs of a model says. */
export type OutputAnswer = { readonly name: string } & Said;

/** All times in milliseconds. */
export type Answer = {
  readonly picture: string;
  readonly decode: number;
  readonly predict: number;
} & (Said | { readonly outputs: readonly OutputAnswer[] });

export interface Failure {
  readonly picture: string;
  readonly error: { readonly code: ErrorCode | "Error"; readonly message: string };
}

const BAR_WIDTH = 24;

/** A picture's name, its best classes with bars, for each output if there are several, and how long it took. */
export function answerText(answer: Answer, style: Style): string {
  const { picture, decode, predict } = answer;
  return [
    style.bold(printable(picture)),
    ...("outputs" in answer
      ? answer.outputs.flatMap((output) => [`  ${style.bold(printable(output.name))}`, ...saidLines(output, style)])
      : saidLines(answer, style)),
    style.dim(`  decoded in ${duration(decode)}, predicted in ${duration(predict)}`),
    "",
  ].join("\n");
}

function saidLines(said: Said, style: Style): readonly string[] {
  if (!("predictions" in said)) return [`  ${valuesText(said.values, said.shape)}`];
  return said.predictions.map(
    ({ label, score }) => `  ${percent(score)}  ${style.bar(bar(score, BAR_WIDTH))}  ${printable(label)}`,
  );
}

/** How many values of an output without classes are shown. */
const VALUES_SHOWN = 8;

function valuesText(values: readonly number[], shape: Shape): string {
  const shown = values.slice(0, VALUES_SHOWN).map((value) => String(Number(value.toPrecision(4))));
  return `${shown.join("  ")}${values.length > VALUES_SHOWN ? `  … (${shape.join(" × ")})` : ""}`;
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
