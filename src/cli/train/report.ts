/** What `train` did, as text and as JSON. */
import { availableParallelism, cpus } from "node:os";
import type { Tally } from "../../tasks/tally.ts";
import type { TransferPhase, TransferSchedule } from "../../tasks/transfer/schedule.ts";
import type { PhaseResult } from "../../training/loop/phases.ts";
import { type Cell, alignedTable, duration, percentage, pictureCount, printable } from "../terminal/format.ts";
import type { Style } from "../terminal/style.ts";
import { tallyLines } from "../terminal/tally.ts";
import type { TrainTarget } from "./folder.ts";
import type { UnreadablePicture } from "./pictures.ts";
import type { TrainSettings } from "./settings.ts";

export interface Environment {
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly threads: number;
}

export interface Training {
  readonly target: TrainTarget;
  readonly folder: string;
  readonly classNames: readonly string[];
  /** The pictures of each class. */
  readonly counts: { readonly training: readonly number[]; readonly validation: readonly number[] };
  /** Folders without pictures. */
  readonly empty: readonly string[];
  readonly unreadable: readonly UnreadablePicture[];
  readonly model: {
    readonly name: string;
    readonly alpha: number;
    readonly size: number;
    /** What its weights were at first, in words. */
    readonly weights: string;
    readonly parameters: number;
  };
  readonly settings: TrainSettings;
  readonly recipe: TransferSchedule;
  readonly phases: readonly PhaseResult[];
  /** How often the model is right in the end about what was held out; if nothing was, about what it learned from. */
  readonly tally: Tally;
  readonly isResumed: boolean;
  readonly environment: Environment;
  /** The time of this run alone. */
  readonly milliseconds: number;
}

export function environmentFacts(threads: number): Environment {
  return {
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    processor: `${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} cores`,
    threads,
  };
}

export function isValidated({ counts }: Pick<Training, "counts">): boolean {
  return counts.validation.some((count) => count > 0);
}

/**
 * How often the model can be expected to be right about other pictures, from 0 to 1: Wilson's interval, in which the true part lies in 19 of
 * 20 cases.
 */
export function expected({ top1, pictures }: Pick<Tally, "top1" | "pictures">): readonly [least: number, most: number] {
  const z = 1.96;
  const middle = top1 + (z * z) / (2 * pictures);
  const half = z * Math.sqrt((top1 * (1 - top1)) / pictures + (z * z) / (4 * pictures * pictures));
  const all = 1 + (z * z) / pictures;
  return [Math.max(0, (middle - half) / all), Math.min(1, (middle + half) / all)];
}

/** A caution about the pictures that were held out; undefined if none were. */
export function caution(training: Pick<Training, "counts" | "tally" | "recipe">): string | undefined {
  if (!isValidated(training)) return undefined;
  const [least, most] = expected(training.tally);
  const chose = training.recipe.phases.some(({ patience }) => patience !== undefined)
    ? " They also chose the epoch, which flatters a little."
    : "";
  // Rounded apart, so that no more is promised than is so.
  const [low, high] = [Math.floor(least * 1000) / 1000, Math.ceil(most * 1000) / 1000];
  return `With ${pictureCount(training.tally.pictures)} held out, the true part lies between ${percentage(low)} and ${percentage(high)} (19 times of 20).${chose}`;
}

/** The epoch, from 0, whose weights a phase ended with. */
export function bestEpoch({ name, logged }: PhaseResult, { phases }: TransferSchedule): number {
  const losses = logged["val_loss"];
  const last = Math.max(0, (logged["loss"]?.length ?? 1) - 1);
  if (losses === undefined) return last;
  const from = Math.min(last, phases.find((phase) => phase.name === name)?.patientUntil ?? 0);
  return losses.reduce((best, loss, epoch) => (epoch > from && loss < (losses[best] ?? Infinity) ? epoch : best), from);
}

export function trainingText(training: Training, style: Style): string {
  const { target, tally, counts, folder, recipe, empty, milliseconds, isResumed } = training;
  const [learned, heldOut] = [sum(counts.training), sum(counts.validation)];
  const validated = isValidated(training);
  return [
    ...phaseLines(training, style),
    "",
    style.bold(
      validated
        ? `The ${heldOut} pictures that were held out`
        : `The ${learned} pictures that it learned from: none were held out, so this says little of others`,
    ),
    ...tallyLines(tally, style, printable(target.report)),
    "",
    ...[caution(training)].filter((line) => line !== undefined),
    ...notes(training),
    ...(empty.length > 0 ? [`No pictures in ${listed(empty)}: no classes.`] : []),
    ...(recipe.classWeight === undefined
      ? []
      : ["The classes are of different sizes: each counts as much as any other."]),
    `${printable(target.output)}, ${printable(target.labels)}, ${printable(target.report)}`,
    style.dim(
      `${learned} pictures of ${printable(folder)} learned from, in ${duration(milliseconds)}${isResumed ? " since it was resumed" : ""}`,
    ),
  ].join("\n");
}

function phaseLines({ phases, recipe }: Training, style: Style): readonly string[] {
  const [header = "", ...rows] = alignedTable([
    ["learned", "epochs", "best", "loss", "accuracy", "validation loss", "accuracy", ""],
    ...phases.map((result): readonly Cell[] => {
      const best = bestEpoch(result, recipe);
      const at = (name: string): number | undefined => result.logged[name]?.[best];
      return [
        whatLearned(recipe.phases.find(({ name }) => name === result.name)),
        { number: String(result.logged["loss"]?.length ?? 0) },
        { number: String(best + 1) },
        { number: at("loss")?.toFixed(4) ?? "" },
        { number: part(at("accuracy")) },
        { number: at("val_loss")?.toFixed(4) ?? "" },
        { number: part(at("val_accuracy")) },
        result.kept ? "" : "not kept: no better than before",
      ];
    }),
  ]);
  return [style.bold(header), ...rows];
}

function part(value: number | undefined): string {
  return value === undefined ? "" : percentage(value);
}

export function whatLearned(phase: TransferPhase | undefined): string {
  if (phase?.from === undefined) return "the head";
  return phase.from === "" ? "all layers" : `from ${phase.from} on`;
}

/** What a user should know of the pictures. */
function notes({ unreadable, counts, classNames }: Training): readonly string[] {
  const few = classNames.filter((_, i) => (counts.validation[i] ?? 0) === 0);
  return [
    ...(unreadable.length > 0 ? [`${unreadable.length} pictures could not be read and were left out.`] : []),
    ...(few.length > 0 && few.length < classNames.length ? [`Too few pictures to hold any out: ${listed(few)}.`] : []),
  ];
}

const NAMED = 5;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).map(printable).join(", ");
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

export function trainingJson(training: Training): string {
  const { target, folder, classNames, counts, empty, unreadable, model, settings, recipe, phases, tally } = training;
  const classes = tally.classes();
  return JSON.stringify(
    {
      output: target.output,
      labels: target.labels,
      report: target.report,
      folder,
      classes: classNames.map((name, i) => ({
        name,
        training: counts.training[i] ?? 0,
        validation: counts.validation[i] ?? 0,
      })),
      emptyFolders: empty,
      unreadable,
      model,
      settings,
      recipe,
      phases: phases.map((result) => ({
        name: result.name,
        epochs: result.logged["loss"]?.length ?? 0,
        bestEpoch: bestEpoch(result, recipe) + 1,
        kept: result.kept,
        history: result.logged,
      })),
      evaluation: {
        on: isValidated(training) ? "validation" : "training",
        pictures: tally.pictures,
        top1: tally.top1,
        top5: tally.top5,
        expected: expected(tally),
        logLoss: tally.logLoss,
        classes,
        confusion: classes.flatMap(({ index: actual, name }) =>
          classes.flatMap((other) => {
            const pictures = tally.count(actual, other.index);
            return pictures === 0 ? [] : [{ actual: name, predicted: other.name, pictures }];
          }),
        ),
        mistakes: tally.mistakes,
      },
      resumed: training.isResumed,
      environment: training.environment,
      milliseconds: Math.round(training.milliseconds),
    },
    null,
    2,
  );
}
