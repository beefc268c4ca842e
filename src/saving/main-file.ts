/** Which file of a folder is the checkpoint. */
import type { FileSet } from "../platform/contract.ts";
import type { FileSource } from "./checkpoint.ts";
import { formatError } from "./file-errors.ts";

/** The end of the name of a file of values of a TensorFlow checkpoint, which are read by way of its index. */
const VALUES = /\.data-\d{5}-of-\d{5}$/;

/** The checkpoint in a set of files, with its neighbours. @throws FormatError if there is none, or more than one of a kind. */
export async function mainFile(files: FileSet): Promise<FileSource> {
  // The names that tell come with the table of formats, which a page that loads published weights does not need.
  const opened = files.main ?? (await import("./formats.ts")).mainNameIn(await files.names());
  const name = opened.replace(VALUES, ".index");
  const bytes = await files.read(name);
  if (bytes === undefined) throw formatError(`There is no file '${name}'.`);
  return { name, bytes, sibling: (other) => files.read(other) };
}
