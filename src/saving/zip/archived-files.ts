/** Zip archives with a checkpoint's files in them, as Teachable Machine gives them out: read as the folder that they were. */
import type { FileSource } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { mainNameOf, topOf } from "../main-file.ts";
import { isTorchFile } from "../torch/sniff.ts";
import { isZip, unpackedMember, zipNames } from "./zip.ts";

/** What a `.keras` has in it. */
const WEIGHTS = "model.weights.h5";

/** The checkpoint in the archive, with its neighbours. @throws FormatError, UnsupportedError; LimitError for what is too large. */
export async function archivedFiles({ bytes }: FileSource): Promise<FileSource> {
  const { folder, names } = topOf(zipNames(bytes));
  const sibling = (name: string): Promise<Uint8Array | undefined> => unpackedMember(bytes, folder + name);
  const name = mainNameOf(names);
  const main = await sibling(name);
  if (main === undefined) throw formatError(`The zip archive has no '${name}'.`);
  // Formats that are archives themselves are read; none within archives within archives.
  if (isZip(main) && !zipNames(main).includes(WEIGHTS) && !isTorchFile(main)) {
    throw unsupportedError(`The zip archive has another in it, '${name}'. Unpack it first.`);
  }
  return { name, bytes: main, sibling };
}
