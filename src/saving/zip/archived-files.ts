/** Zip archives of the files of a checkpoint, such as Teachable Machine gives out: read as the folder that they were. */
import type { FileSource } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { mainNameOf, topOf } from "../main-name.ts";
import { isZip, unpackedMember, zipNames } from "./zip.ts";

/**
 * The checkpoint in the archive, with its neighbours.
 * @param mainNames what a checkpoint may be called, the most telling names first
 * @param isFormat whether a file is of a format that is not such an archive: formats that are archives themselves may lie in one
 * @throws FormatError, UnsupportedError; LimitError for what is too large.
 */
export async function archivedFiles(
  { bytes }: FileSource,
  mainNames: readonly RegExp[],
  isFormat: (source: FileSource) => boolean,
): Promise<FileSource> {
  const { folder, names } = topOf(zipNames(bytes));
  const sibling = (name: string): Promise<Uint8Array | undefined> => unpackedMember(bytes, folder + name);
  const name = mainNameOf(names, mainNames);
  const main = await sibling(name);
  if (main === undefined) throw formatError(`The zip archive has no '${name}'.`);
  const source = { name, bytes: main, sibling };
  if (isZip(main) && !isFormat(source)) {
    throw unsupportedError(`The zip archive has another in it, '${name}'. Unpack it first.`);
  }
  return source;
}
