/** The names of a model's classes: of a file, or those that the model itself goes with. */
import { readBytes } from "#platform";
import { imagenetClasses } from "../applications/class-names.ts";
import { MobileNetV2Error, messageOf } from "../core/errors.ts";
import type { BytesSource } from "../platform/contract.ts";
import { type Label, parseLabels } from "../saving/labels/labels.ts";
import { nameOf, option, optionError } from "./errors.ts";

/** The names of classes, in the order of the model's outputs. */
export type Labels = readonly Label[];

const MAX_BYTES = 2 ** 24;

/**
 * Reads the names of classes from a file: a text file with one name on each line, or JSON (see `parseLabels`).
 *
 * @throws IOError, NetworkError if it cannot be read; LimitError above 16 MiB; FormatError if it holds no names.
 */
export async function readLabels(source: BytesSource): Promise<Labels> {
  const bytes = await readBytes(source, { maxBytes: MAX_BYTES });
  try {
    return parseLabels(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const message = `${nameOf(source) ?? "It"} is no file of labels: ${messageOf(error)}`;
    throw new MobileNetV2Error("FormatError", message, { cause: error });
  }
}

/** The names of classes, or a file that has them: its path, URL or bytes. */
export type LabelsSource = Labels | BytesSource;

/** The names that a user gave; undefined if none were given. @throws what `readLabels` throws. */
export async function givenLabels(source: LabelsSource | undefined): Promise<Labels | undefined> {
  if (source === undefined) return undefined;
  return isSource(source) ? await readLabels(source) : source;
}

/** @throws ValueError if there are not as many names as classes. */
export function checkLabelCount(labels: Labels, classes: number): void {
  if (labels.length !== classes) {
    throw optionError`${option("labels")} names ${labels.length} classes, but the weights are for ${classes}.`;
  }
}

function isSource(source: LabelsSource): source is BytesSource {
  return !Array.isArray(source);
}

const BACKGROUND = "background";

/** The file's names; or ImageNet's if it has as many classes, or one more, which Google's models have first; or numbers. */
export function ownLabels(names: readonly string[] | undefined, classes: number): Labels {
  if (names?.length === classes) return names;
  const imagenet = imagenetClasses();
  if (classes === imagenet.length) return imagenet;
  if (classes === imagenet.length + 1) return [BACKGROUND, ...imagenet];
  return Array.from({ length: classes }, (_, index) => `class ${index}`);
}

/** The name of a label, with or without a WordNet id. */
export function nameOfLabel(label: Label): string {
  return typeof label === "string" ? label : label.label;
}
