/** What a file says beside its model has to be possible: the scaling of pixels, the names of classes. */
import { valueError } from "../core/errors.ts";
import { PREPROCESSING } from "../core/kinds.ts";
import type { Checkpoint, Preprocessing } from "./checkpoint.ts";
import { formatError } from "./file-errors.ts";

/** @throws FormatError if pixels cannot be scaled so: the numbers are to be finite, and a scale of 0 would make all pictures the same. */
export function checkScaling({ scale, offset }: Preprocessing): void {
  if (PREPROCESSING[1]({ scale, offset })) return;
  throw formatError(
    `The file says that pixels are scaled to x × ${String(scale)} + ${String(offset)}: the scale should be finite and not 0, the offset finite.`,
  );
}

/** @throws ValueError if the names that were set for a model's classes are more or fewer than its outputs. */
export function checkClassNames(names: readonly string[] | undefined, outputs: number | null | undefined): void {
  if (names === undefined || typeof outputs !== "number" || names.length === outputs) return;
  throw valueError(`\`classNames\` has ${names.length} names, but the model answers with ${outputs} numbers.`);
}

/** Files whose names of classes are added by tools that do not look at the model. */
const NAMES_OF_OTHERS: ReadonlySet<Checkpoint["origin"]> = new Set(["tflite", "huggingface", "timm", "torchvision"]);

/**
 * The names of a checkpoint's classes, if there are as many as its model has outputs.
 * @throws FormatError if there are more or fewer, unless they were added by a tool that does not look at the model: then there are none.
 */
export function fittingClassNames(
  { classNames, origin }: Pick<Checkpoint, "classNames" | "origin">,
  outputs: number | null | undefined,
): readonly string[] | undefined {
  if (classNames === undefined || typeof outputs !== "number" || classNames.length === outputs) return classNames;
  if (NAMES_OF_OTHERS.has(origin)) return undefined;
  throw formatError(`The file names ${classNames.length} classes, but its model answers with ${outputs} numbers.`);
}
