/** Which file of a folder is the checkpoint. */
import type { FileSet } from "../platform/contract.ts";
import type { FileSource } from "./checkpoint.ts";
import { formatError } from "./file-errors.ts";

/** The checkpoint in a set of files, with its neighbours. @throws FormatError if there is none, or more than one of a kind. */
export async function mainFile(files: FileSet): Promise<FileSource> {
  const name = files.main ?? (await nameOf(files));
  const bytes = await files.read(name);
  if (bytes === undefined) throw formatError(`There is no file '${name}'.`);
  return { name, bytes, sibling: (other) => files.read(other) };
}

/** The names that tell are imported when a folder is opened: a page that loads published weights needs no table of formats. */
async function nameOf(files: FileSet): Promise<string> {
  const [{ mainNames }, { mainNameOf }] = await Promise.all([import("./formats.ts"), import("./main-name.ts")]);
  return mainNameOf(await files.names(), mainNames);
}
