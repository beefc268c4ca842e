/** The public faces of the package, as its `exports` list them: the root first, then the subpaths. */
import { readFileSync } from "node:fs";

export interface Face {
  /** The name of its files in dist/: `index` for the root, the subpath's own else. */
  readonly name: string;
  /** What a program imports: `mobilenet-v2/layers`. */
  readonly specifier: string;
  /** The path of its source in the project. */
  readonly source: string;
}

const manifest: { readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>> } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);

export const faces: readonly Face[] = Object.entries(manifest.exports).flatMap(([subpath, targets]) => {
  if (typeof targets === "string") return [];
  const name = subpath === "." ? "index" : subpath.slice(2);
  const source = targets["@mobilenet-v2/source"]?.slice(2);
  if (source === undefined) throw new Error(`package.json: the export "${subpath}" names no source.`);
  return [{ name, specifier: `mobilenet-v2${subpath.slice(1)}`, source }];
});
