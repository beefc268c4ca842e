/** The pictures of a folder. */
import { relative, sep } from "node:path";
import { valueError } from "../../core/errors.ts";
import { listImages, wantedBy } from "../../training/data/pictures/list-images.ts";
import { comparePython } from "../../training/data/pictures/python-order.ts";
import { PictureTree } from "./tree.ts";

/** The endings of the names of files that count as pictures of a folder. */
export const PICTURE_ENDINGS = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif", ".tif", ".tiff"] as const;

/** The path below a folder, such as `dogs/rex.jpg`, with `/` on every system. */
export function nameWithin(folder: string, path: string): string {
  return relative(folder, path).split(sep).join("/");
}

/**
 * The pictures of a folder and of those within, which may be one for each class, sorted by their paths. Each file is there once, whatever links
 * lead to it; what is left out is named in a warning.
 * @throws IOError if the folder cannot be read, ValueError if it has no pictures.
 */
export async function picturesIn(folder: string): Promise<readonly string[]> {
  const tree = new PictureTree(folder);
  const pictures = (await tree.walk("", wantedBy(PICTURE_ENDINGS))).toSorted(comparePython);
  tree.sayLeftOut();
  if (pictures.length > 0) return pictures;
  throw valueError(
    `There are no pictures in ${folder}, nor in the folders within: no file ends in ${PICTURE_ENDINGS.join(", ")}.`,
  );
}

/** Pictures that are of the folders of their classes. */
export interface PicturesByClass {
  readonly paths: readonly string[];
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
}

/**
 * The pictures of a folder that has a folder for each class: the names of all folders, also those without pictures, and the index of the
 * folder of each picture.
 * @param says whether what is left out is named in a warning
 * @throws ValueError if a file is reached by two folders
 */
export async function classesIn(folder: string, { says = true } = {}): Promise<PicturesByClass> {
  const tree = new PictureTree(folder);
  const { paths, labels, classNames } = await listImages(tree, {
    labels: "inferred",
    classNames: undefined,
    formats: PICTURE_ENDINGS,
    shuffleSeed: undefined,
  });
  if (says) tree.sayLeftOut();
  return { paths, labels: Int32Array.from(labels?.data ?? []), classNames: classNames ?? [] };
}
