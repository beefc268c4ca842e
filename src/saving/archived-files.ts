/** Zip archives with a checkpoint's files in them, as Teachable Machine gives them out: read as the folder that they were. */
import type { FileSource } from "./checkpoint.ts";
import { formatError, unsupportedError } from "./file-errors.ts";
import { mainNameOf } from "./main-file.ts";
import { isZip, unpackedMember, zipNames } from "./zip.ts";

const KERAS = ".keras";

/** The checkpoint in the archive, with its neighbours. @throws FormatError, UnsupportedError; LimitError for what is too large. */
export async function archivedFiles({ bytes }: FileSource): Promise<FileSource> {
  const sibling = (name: string): Promise<Uint8Array | undefined> => unpackedMember(bytes, name);
  const name = mainNameOf(zipNames(bytes).filter((one) => !one.includes("/")));
  const main = await sibling(name);
  if (main === undefined) throw formatError(`The zip archive has no '${name}'.`);
  // Only what is stored as an archive itself: none within archives within archives.
  if (isZip(main) && !name.endsWith(KERAS)) {
    throw unsupportedError(`The zip archive has another in it, '${name}'. Unpack it first.`);
  }
  return { name, bytes: main, sibling };
}
