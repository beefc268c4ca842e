/** The files of a data set with their labels, in Keras's order (keras.src.utils.dataset_utils.index_directory). */
import { valueError } from "../../../core/errors.ts";
import type { Tensor } from "../../../core/tensor.ts";
import { gatherRows, sliceRows } from "../rows.ts";
import { type PictureLabels, labelsOf } from "./label-mode.ts";
import { RandomState } from "./mt19937.ts";
import type { FileTree } from "./tree.ts";

/** The endings of the files that Keras's data sets use; other files are ignored. */
export const KERAS_FORMATS: readonly string[] = [".bmp", ".gif", ".jpeg", ".jpg", ".png"];

/** The labels of files: `inferred` from the folders, null for none, or a list with one for each file in the order of their paths. */
export type Labels = "inferred" | null | PictureLabels;

/** The options of `listImages`. */
export interface ListOptions {
  readonly labels: Labels;
  readonly classNames: readonly string[] | undefined;
  readonly formats: readonly string[];
  /** The seed to shuffle the files with; undefined leaves them in alphabetical order. */
  readonly shuffleSeed: number | undefined;
}

/** The files of a data set. */
export interface ImageList {
  readonly paths: readonly string[];
  /** The label of each file; undefined if there are no labels. */
  readonly labels: Tensor | undefined;
  readonly classNames: readonly string[] | undefined;
}

/** A function that tells whether a file name has one of the endings, in upper or lower case. */
export function wantedBy(formats: readonly string[]): (name: string) => boolean {
  return (name) => {
    const lower = name.toLowerCase();
    return formats.some((ending) => lower.endsWith(ending));
  };
}

/** Lists the files of a tree with their labels. @throws ValueError, in Keras's words, for bad options; IOError if a folder cannot be read. */
export async function listImages(tree: FileTree, options: ListOptions): Promise<ImageList> {
  const { labels, formats, shuffleSeed } = options;
  const wanted = wantedBy(formats);
  const listed =
    labels === "inferred"
      ? await listClasses(tree, options.classNames, wanted)
      : await listAll(tree, labels, options.classNames, wanted);
  return shuffleSeed === undefined ? listed : shuffled(listed, shuffleSeed);
}

async function listClasses(
  tree: FileTree,
  asked: readonly string[] | undefined,
  wanted: (name: string) => boolean,
): Promise<ImageList> {
  const folders = (await tree.folders()).filter((name) => !name.startsWith("."));
  if (asked !== undefined && !asked.every((name) => folders.includes(name))) {
    throw valueError(
      `The \`classNames\` passed did not match the names of the subdirectories of the target directory. Expected: ${pythonList(folders)} (or a subset of it), but received: classNames=${pythonList(asked)}`,
    );
  }
  const classNames = asked ?? folders;
  const paths: string[] = [];
  const counts: number[] = [];
  for (const name of classNames) {
    // oxlint-disable-next-line no-await-in-loop -- in order, a folder at a time
    const found = await tree.walk(name, wanted);
    for (const path of found) paths.push(path);
    counts.push(found.length);
  }
  const labels = new Int32Array(paths.length);
  let at = 0;
  for (const [label, count] of counts.entries()) labels.fill(label, at, (at += count));
  return { paths, labels: labelsOf(labels), classNames };
}

async function listAll(
  tree: FileTree,
  labels: PictureLabels | null,
  asked: readonly string[] | undefined,
  wanted: (name: string) => boolean,
): Promise<ImageList> {
  if (asked !== undefined) {
    throw valueError(
      labels === null
        ? "When `labels=None` (no labels), argument `classNames` cannot be specified."
        : "When argument `labels` is specified, argument `classNames` cannot be specified (the `classNames` will be the sorted list of labels).",
    );
  }
  const paths = await tree.walk("", wanted);
  if (labels === null) return { paths, labels: undefined, classNames: undefined };
  const given = labelsOf(labels);
  const count = given.shape[0] ?? 0;
  if (count !== paths.length) {
    throw valueError(
      `Expected the lengths of \`labels\` to match the number of files in the target directory. len(labels) is ${count} while we found ${paths.length} files in directory ${tree.root}.`,
    );
  }
  return { paths, labels: given, classNames: namesOf(given) };
}

/** The names of classes: Keras's are the different labels in their order. Lists of numbers are no classes. */
function namesOf({ shape, data }: Tensor): readonly string[] | undefined {
  if (shape.length > 1) return undefined;
  return [...new Set(data)].toSorted((a, b) => a - b).map(String);
}

function shuffled({ paths, labels, classNames }: ImageList, seed: number): ImageList {
  const order = new RandomState(seed).permutation(paths.length);
  return {
    paths: Array.from(order, (from) => paths[from] ?? ""),
    labels: labels && gatherRows(labels, order),
    classNames,
  };
}

/**
 * The training or the validation part of a list (get_training_or_validation_split): validation has the `fraction` at the end. If that is less
 * than one file, both parts are empty (in Keras, the validation part then has all files).
 */
export function splitOf(
  { paths, labels, classNames }: ImageList,
  fraction: number,
  subset: "training" | "validation",
): ImageList {
  const held = Math.trunc(fraction * paths.length);
  const middle = paths.length - held;
  const [from, to] = held === 0 ? [0, 0] : subset === "training" ? [0, middle] : [middle, paths.length];
  return { paths: paths.slice(from, to), labels: labels && sliceRows(labels, from, to), classNames };
}

/** A list of texts as Python prints it, cut off after 50. */
export function pythonList(names: readonly string[]): string {
  const shown = names.slice(0, 50).map((name) => `'${name}'`);
  return `[${shown.join(", ")}${names.length > 50 ? ", …" : ""}]`;
}
