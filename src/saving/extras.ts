/** What our own files say beside the model: the names of classes and the scaling of pixels, as JSON `{ labels, preprocessing }`. */
import type { Checkpoint, Preprocessing, SavedModel } from "./checkpoint.ts";
import { formatError } from "./file-errors.ts";
import { type Json, arrayOf, member, numberOf, stringOf } from "./bytes/json.ts";

export type Extras = Partial<Pick<Checkpoint, "classNames" | "preprocessing">>;

/** More than any list of classes has. */
const MAX_CLASSES = 100_000;

/** What is to be written; undefined if there is nothing to say. */
export function extrasToWrite({ classNames, preprocessing }: SavedModel): object | undefined {
  if (classNames === undefined && preprocessing === undefined) return undefined;
  return {
    ...(classNames !== undefined && { labels: classNames }),
    ...(preprocessing !== undefined && { preprocessing }),
  };
}

/** What such JSON says. @throws FormatError if something else stands under these names. */
export function readExtras(json: Json | undefined): Extras {
  const labels = member(json, "labels");
  const scaling = member(json, "preprocessing");
  return {
    ...(labels !== undefined && { classNames: labelsOf(labels) }),
    ...(scaling !== undefined && { preprocessing: preprocessingOf(scaling) }),
  };
}

function labelsOf(value: Json): readonly string[] {
  const labels = arrayOf(value, "The `labels` of the metadata").map((label) => stringOf(label, "A label"));
  if (labels.length > MAX_CLASSES) throw formatError(`The metadata names ${labels.length} classes.`);
  return labels;
}

/** A `Preprocessing` from JSON. @throws FormatError */
export function preprocessingOf(json: Json): Preprocessing {
  const part = (key: string): number | readonly number[] => {
    const value = member(json, key);
    return typeof value === "number" ? value : numbersOf(value, `The ${key} of the preprocessing`);
  };
  return { scale: part("scale"), offset: part("offset") };
}

/** A list of texts. @throws FormatError */
export function textsOf(value: Json | undefined, what: string): readonly string[] {
  return arrayOf(value, what).map((item) => stringOf(item, `Each of ${what}`));
}

/** A list of 1 to 1000 finite numbers, one a channel. @throws FormatError */
export function numbersOf(value: Json | undefined, what: string): readonly number[] {
  const list = arrayOf(value, what);
  if (list.length === 0 || list.length > 1000) throw formatError(`${what} should have a number a channel.`);
  return list.map((item) => numberOf(item, `Each number of ${what.charAt(0).toLowerCase()}${what.slice(1)}`));
}
