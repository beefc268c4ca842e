/** Which file of a folder is the checkpoint. */
import type { FileSet } from "../platform/contract.ts";
import type { FileSource } from "./checkpoint.ts";
import { formatError } from "./file-errors.ts";

/** Names and endings of checkpoints, the most telling first. */
const TELLING: readonly RegExp[] = [
  /^model\.json$/,
  /^model\.min\.js$/,
  /\.keras$/,
  /^model\.safetensors$/,
  /\.safetensors$/,
  /\.onnx$/,
  /\.tflite$/,
  /\.(?:h5|hdf5)$/,
  /\.(?:pth|pt|bin)$/,
  /\.zip$/,
];

/** The checkpoint in a set of files, with its neighbours. @throws FormatError where there is none, or more than one of a kind. */
export async function mainFile(files: FileSet): Promise<FileSource> {
  const name = files.main ?? mainNameOf(await files.names());
  const bytes = await files.read(name);
  if (bytes === undefined) throw formatError(`There is no file '${name}'.`);
  return { name, bytes, sibling: (other) => files.read(other) };
}

/** The folder in which all that an archive holds lies (`""`, or `web/`), and the names of the files that lie there themselves. */
export function topOf(names: readonly string[]): { readonly folder: string; readonly names: readonly string[] } {
  // What a Mac adds is no part of it.
  const own = names.filter((name) => !name.startsWith("__MACOSX/"));
  const [folder = ""] = /^[^/]+\//.exec(own[0] ?? "") ?? [];
  if (folder !== "" && !own.every((name) => name.startsWith(folder))) return { folder: "", names: own.filter(isPlain) };
  return { folder, names: own.map((name) => name.slice(folder.length)).filter(isPlain) };
}

function isPlain(name: string): boolean {
  return name !== "" && !name.includes("/");
}

/** True where one of the files has a name as checkpoints have. */
export function hasMainFile(names: readonly string[]): boolean {
  return TELLING.some((telling) => names.some((name) => telling.test(name)));
}

/** Which of the files of a folder it is. @throws FormatError where there is none, or more than one of a kind. */
export function mainNameOf(names: readonly string[]): string {
  for (const telling of TELLING) {
    const [only, ...more] = names.filter((name) => telling.test(name));
    if (only === undefined) continue;
    if (more.length === 0) return only;
    throw formatError(
      `The folder has several checkpoints: ${[only, ...more].slice(0, 10).join(", ")}. Name one of them.`,
    );
  }
  throw formatError("The folder has no checkpoint in it: none of its files has a name that is known.");
}
