/** Which name in a folder is that of the checkpoint. */
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
