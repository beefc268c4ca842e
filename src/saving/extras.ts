/** What our own files say beside the model: the names of classes and the scaling of pixels, as JSON `{ labels, preprocessing }`. */
import type { Checkpoint, SavedModel } from "./checkpoint.ts";
import { formatError } from "./file-errors.ts";
import { type Json, arrayOf, member, stringOf } from "./bytes/json.ts";

export type Extras = Partial<Pick<Checkpoint, "classNames" | "preprocessing">>;

/** More than any list of classes has. */
const MAX_CLASSES = 100_000;

/** What is to be written; undefined where there is nothing to say. */
export function extrasToWrite({ classNames, preprocessing }: SavedModel): object | undefined {
  if (classNames === undefined && preprocessing === undefined) return undefined;
  return {
    ...(classNames !== undefined && { labels: classNames }),
    ...(preprocessing !== undefined && { preprocessing }),
  };
}

/** @throws FormatError where there is something of these names and it is not what it should be. */
export function readExtras(json: Json | undefined): Extras {
  const labels = member(json, "labels");
  const scaling = member(json, "preprocessing");
  return {
    ...(labels !== undefined && { classNames: labelsOf(labels) }),
    ...(scaling !== undefined && {
      preprocessing: { scale: numbers(member(scaling, "scale")), offset: numbers(member(scaling, "offset")) },
    }),
  };
}

function labelsOf(value: Json): readonly string[] {
  const labels = arrayOf(value, "The `labels` of the metadata").map((label) => stringOf(label, "A label"));
  if (labels.length > MAX_CLASSES) throw formatError(`The metadata names ${labels.length} classes.`);
  return labels;
}

function numbers(value: Json | undefined): number | readonly number[] {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  return arrayOf(value, "The `preprocessing` of the metadata").map((item) => {
    if (typeof item === "number" && Number.isFinite(item)) return item;
    throw formatError("The `preprocessing` of the metadata should be numbers.");
  });
}
