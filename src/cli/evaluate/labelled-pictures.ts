/** Pictures of which it is known what they show: by their folders, their names, or a file that says it. */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readBytes } from "#platform";
import { valueError } from "../../core/errors.ts";
import { type ClassLookup, wordNetId } from "../../tasks/class-lookup.ts";
import { escapedBytes, systemPath, textOfName } from "../../platform/node/byte-names.ts";
import { type PicturesByClass, classesIn, nameWithin, picturesIn } from "../pictures/folder.ts";
import { someOf } from "../terminal/format.ts";

/** How it is known what pictures show. */
export type Source = "folders" | "WordNet ids in the names" | "file";

export interface LabelledPictures {
  readonly source: Source;
  readonly paths: readonly string[];
  /** The index of the class that each picture shows. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** A sentence that the user should read about how it was found. */
  readonly note?: string;
}

export interface TruthOptions {
  /** A file that says what the pictures show. */
  readonly groundTruth?: string | undefined;
  /** A file that says what the numbers from 1 of a ground-truth file mean: a WordNet id a line. */
  readonly synsets?: string | undefined;
}

const MAX_BYTES = 2 ** 28;
/** How many folders or pictures an error names. */
const NAMED = 5;

/**
 * @param place a folder, or a CSV file that names pictures relative to its own folder
 * @throws ValueError if it is not known what a picture shows, IOError if something cannot be read.
 */
export async function labelledPictures(
  place: string,
  classes: ClassLookup,
  { groundTruth, synsets }: TruthOptions,
): Promise<LabelledPictures> {
  const stats = await stat(systemPath(place)).catch(() => undefined);
  if (stats?.isFile() === true) {
    if (groundTruth !== undefined)
      throw valueError(`${place} is a file, not a folder: --ground-truth says what is in a folder.`);
    const rows = namedRows(await lines(place));
    if (rows === undefined) throw valueError(`${place} is no list of pictures: expected lines such as photo.jpg,daisy`);
    return fromRows(rows, dirname(place), place, classes);
  }
  const paths = await picturesIn(place);
  if (groundTruth !== undefined) return fromFile(paths, place, groundTruth, synsets, classes);
  // They were said to be left out already.
  if (paths.every((path) => nameWithin(place, path).includes("/"))) {
    return fromFolders(await classesIn(place, { says: false }), place, classes);
  }
  if (paths.every((path) => wordNetId(basename(path)) !== undefined)) return fromNames(paths, classes);
  throw valueError(
    `It is not known what the pictures in ${place} show. Put each class into a folder of its name; or begin the names of files with WordNet ids; ` +
      "or say it in a file: --ground-truth FILE.",
  );
}

function fromFolders(
  { paths, labels: folderOf, classNames: all }: PicturesByClass,
  place: string,
  classes: ClassLookup,
): LabelledPictures {
  const used = new Set(folderOf);
  const folders = all.filter((_, index) => used.has(index));
  const found = new Map(folders.map((folder) => [folder, classes.find(escapedBytes(folder))]));
  const unknown = folders.filter((folder) => found.get(folder) === undefined);
  let note: string | undefined;
  if (unknown.length > 0) {
    // Numbered as Keras numbers them, but only if no folder has the name of a class.
    if (unknown.length < folders.length || folders.length !== classes.names.length || !isNumbered(classes.names)) {
      throw valueError(
        `These folders of ${place} have no class of the model's: ${someOf(unknown, NAMED)}. Its classes: ${someOf(classes.names, NAMED)}.`,
      );
    }
    for (const [index, folder] of folders.toSorted().entries()) found.set(folder, index);
    note = "The model's classes have no names: the folders are its classes in alphabetical order.";
  }
  const labels = Int32Array.from(folderOf, (index) => found.get(all[index] ?? "") ?? 0);
  return { source: "folders", paths, labels, ...(note !== undefined && { note }) };
}

/** Whether these are the names that classes without names get. */
function isNumbered(names: readonly string[]): boolean {
  return names.every((name, index) => name === `class ${index}`);
}

function fromNames(paths: readonly string[], classes: ClassLookup): LabelledPictures {
  const found = paths.map((path) => classes.find(wordNetId(basename(path)) ?? ""));
  const unknown = paths.filter((_, i) => found[i] === undefined);
  if (unknown.length > 0) {
    throw valueError(
      classes.hasIds
        ? `The names of these pictures begin with WordNet ids that are no classes of the model: ${someOf(
            unknown.map((path) => basename(path)),
            NAMED,
          )}.`
        : "The names of the pictures begin with WordNet ids, but the model's classes have none.",
    );
  }
  return { source: "WordNet ids in the names", paths, labels: Int32Array.from(found, (label) => label ?? 0) };
}

async function fromFile(
  paths: readonly string[],
  folder: string,
  file: string,
  synsets: string | undefined,
  classes: ClassLookup,
): Promise<LabelledPictures> {
  const given = await lines(file);
  const rows = namedRows(given);
  if (rows !== undefined) return fromRows(rows, folder, file, classes, paths);
  if (given.length !== paths.length) {
    throw valueError(
      `${file} has ${given.length} lines for ${paths.length} pictures in ${folder}: one is needed for each, in the order of their names.`,
    );
  }
  const order = synsets === undefined ? undefined : (await lines(synsets)).map((line) => wordNetId(line) ?? line);
  // Numbers of ImageNet's development kit are in an order of its own, which the numbers do not tell.
  if (order === undefined && classes.hasIds && given.every((line) => /^\d+$/.test(line))) {
    throw valueError(
      `${file} has numbers. Those of ImageNet's development kit count its classes from 1 in an order of its own: ` +
        "give the list of its WordNet ids in that order too, as in map_clsloc.txt: --synsets FILE",
    );
  }
  const labels = given.map((text, i) => {
    const meant = order === undefined ? text : (order[Number(text) - 1] ?? "");
    const label = classes.findOrNumber(meant);
    if (label === undefined)
      throw valueError(`${file}, line ${i + 1}: ${JSON.stringify(text)} is no class of the model.`);
    return label;
  });
  return { source: "file", paths, labels: Int32Array.from(labels) };
}

type Row = readonly [name: string, label: string];

function fromRows(
  rows: readonly Row[],
  folder: string,
  file: string,
  classes: ClassLookup,
  inFolder?: readonly string[],
): LabelledPictures {
  // A file may name pictures below the folder without the folders between.
  const byName = new Map(inFolder?.map((path) => [basename(path), path]));
  const labels = rows.map(([, label], i) => {
    const found = classes.findOrNumber(label);
    if (found === undefined)
      throw valueError(`${file}: ${JSON.stringify(label)}, of picture ${i + 1}, is no class of the model.`);
    return found;
  });
  const known = new Set(inFolder);
  const paths = rows.map(([name]) => {
    const path = join(folder, name);
    return known.has(path) ? path : (byName.get(basename(name)) ?? path);
  });
  return { source: "file", paths, labels: Int32Array.from(labels) };
}

/** Lines that are not empty, without blanks around them. */
async function lines(file: string): Promise<readonly string[]> {
  const bytes = await readBytes(file, { maxBytes: MAX_BYTES });
  // Names of files are bytes here too.
  const text = textOfName(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).replace(/^\uFEFF/, "");
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Lines of a picture and its label, with `,`, `;`, a tab or a blank between; a header is left out. Undefined if a line does not have two parts. */
function namedRows(given: readonly string[]): readonly Row[] | undefined {
  const rows = given.map(rowOf);
  const [first, ...rest] = rows;
  const isHeader = first !== undefined && !/\.\w+$/.test(first[0]) && rest.length > 0;
  const wanted = isHeader ? rest : rows;
  return wanted.length > 0 && wanted.every((row) => row !== undefined && /\.\w+$/.test(row[0]))
    ? wanted.filter((row) => row !== undefined)
    : undefined;
}

function rowOf(line: string): Row | undefined {
  const quoted = /^"((?:[^"]|"")*)"\s*[,;\t]\s*(.*)$/.exec(line);
  const parts = quoted ?? /^([^,;\t]*)[,;\t]\s*(.*)$/.exec(line) ?? /^(\S+)\s+(.*)$/.exec(line);
  const [, name, label] = parts ?? [];
  if (name === undefined || label === undefined) return undefined;
  const unquoted = /^"((?:[^"]|"")*)"/.exec(label)?.[1] ?? /^[^,;\t]*/.exec(label)?.[0] ?? label;
  return [name.replaceAll('""', '"').trim(), unquoted.replaceAll('""', '"').trim()];
}
