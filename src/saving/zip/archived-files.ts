/** Zip archives of the files of a checkpoint, such as Teachable Machine gives out: read as the folder that they were. */
import type { FileSource } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { isZip, topOf, unpackedMember, zipNames } from "./zip.ts";

/**
 * The checkpoint in the archive, with its neighbours.
 * @param mainNameIn finds the name of the checkpoint among those of a folder
 * @param isRecognized whether bytes are of a format: of those that are archives themselves, a file may lie in another archive
 * @throws FormatError, UnsupportedError; LimitError for what is too large.
 */
export async function archivedFiles(
  { bytes }: FileSource,
  mainNameIn: (names: readonly string[]) => string,
  isRecognized: (bytes: Uint8Array) => boolean,
): Promise<FileSource> {
  const { folder, names } = topOf(zipNames(bytes));
  const sibling = (name: string): Promise<Uint8Array | undefined> => unpackedMember(bytes, folder + name);
  const name = mainNameIn(names);
  const main = await sibling(name);
  if (main === undefined) throw formatError(`The zip archive has no '${name}'.`);
  if (isZip(main) && !isRecognized(main)) {
    throw unsupportedError(`The zip archive has another in it, '${name}'. Unpack it first.`);
  }
  return { name, bytes: main, sibling };
}
