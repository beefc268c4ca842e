/** Files of npm packages that may be installed beside this one: read as data, never run. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { resolve } = createRequire(import.meta.url);

/** The path of a file of a package, found as Node finds packages; undefined if it is not installed. */
export function packageFile(name: string, file: string): string | undefined {
  return (resolve.paths(name) ?? []).map((folder) => join(folder, name, file)).find((path) => existsSync(path));
}
