/** The pictures of a folder. */
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { valueError } from "../../core/errors.ts";
import { asIOError } from "../../platform/node/files.ts";

/** The endings of the names of files that count as pictures of a folder. */
export const PICTURE_ENDINGS = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif", ".tif", ".tiff"] as const;

/** The path below a folder, such as `dogs/rex.jpg`, with `/` on every system. */
export function nameWithin(folder: string, path: string): string {
  return relative(folder, path).split(sep).join("/");
}

/**
 * The pictures of a folder and of those within, which may be one for each class, sorted by name.
 * @throws IOError if the folder cannot be read, ValueError if it has no pictures.
 */
export async function picturesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    const within = error instanceof Error && "path" in error ? String(error.path) : folder;
    throw asIOError(error, `read the folder ${within}`);
  });
  const pictures = entries
    .filter((entry) => !entry.isDirectory() && isPicture(entry.name) && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted((a, b) => (a < b ? -1 : 1));
  if (pictures.length > 0) return pictures;
  throw valueError(
    `There are no pictures in ${folder}, nor in the folders within: no file ends in ${PICTURE_ENDINGS.join(", ")}.`,
  );
}

function isPicture(name: string): boolean {
  const lower = name.toLowerCase();
  return PICTURE_ENDINGS.some((ending) => lower.endsWith(ending));
}
