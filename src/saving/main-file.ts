/** Which file of a folder is the checkpoint. */
import type { FileSet } from "../platform/contract.ts";
import type { FileSource } from "./checkpoint.ts";
import { formatError } from "./file-errors.ts";

/** The checkpoint in a set of files, with its neighbours. @throws FormatError if there is none, or more than one of a kind. */
export async function mainFile(files: FileSet): Promise<FileSource> {
  // The names that tell come with the table of formats, which a page that loads published weights does not need.
  const name = files.main ?? (await import("./formats.ts")).mainNameIn(await files.names());
  const bytes = await files.read(name);
  if (bytes === undefined) throw formatError(`There is no file '${name}'.`);
  return { name, bytes, sibling: (other) => files.read(other) };
}
