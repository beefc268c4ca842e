/** Which name in a folder, or in an archive, is that of the checkpoint. */
import { formatError } from "./file-errors.ts";
import type { MainFileNames } from "./format.ts";

/** The names of all formats: first whole names, then endings of one format's own, then those that other files have as well. */
export function mainNamesOf(formats: readonly MainFileNames[]): readonly RegExp[] {
  return [
    ...formats.flatMap(({ whole = [] }) => whole),
    ...formats.flatMap(({ own = [] }) => own),
    ...formats.flatMap(({ shared = [] }) => shared),
  ];
}

/** The folder in which everything in an archive lies (`""`, or `web/`), and the names of the files directly in it. */
export function topOf(names: readonly string[]): { readonly folder: string; readonly names: readonly string[] } {
  // What a Mac adds is not part of the checkpoint.
  const own = names.filter((name) => !name.startsWith("__MACOSX/"));
  const [folder = ""] = /^[^/]+\//.exec(own[0] ?? "") ?? [];
  if (folder !== "" && !own.every((name) => name.startsWith(folder))) return { folder: "", names: own.filter(isPlain) };
  return { folder, names: own.map((name) => name.slice(folder.length)).filter(isPlain) };
}

function isPlain(name: string): boolean {
  return name !== "" && !name.includes("/");
}

/** True if one of the files is called as checkpoints are. */
export function hasMainName(names: readonly string[], mainNames: readonly RegExp[]): boolean {
  return mainNames.some((mainName) => names.some((name) => mainName.test(name)));
}

/** The name of the checkpoint among those of a folder. @throws FormatError if there is none, or if two tell equally much. */
export function mainNameOf(names: readonly string[], mainNames: readonly RegExp[]): string {
  for (const mainName of mainNames) {
    const [only, ...more] = names.filter((name) => mainName.test(name));
    if (only === undefined) continue;
    if (more.length === 0) return only;
    throw formatError(
      `The folder has several checkpoints: ${[only, ...more].slice(0, 10).join(", ")}. Name one of them.`,
    );
  }
  throw formatError("The folder has no checkpoint in it: none of its files has a name that is known.");
}
