/** Which modules of src/ are loaded with one of them, found by reading them. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../src/", import.meta.url));

/** The modules that a module imports when it is loaded, and those that these import; types and dynamic imports are not. */
export function loadedWith(module: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(module)) return loaded;
  loaded.add(module);
  const text = readFileSync(join(root, module), "utf8");
  for (const [statement, specifier = ""] of text.matchAll(/^(?:import|export)\b[^;"']*?\bfrom\s*"(\.[^"]+)"/gm)) {
    const names = /\{([^}]*)\}/.exec(statement)?.[1]?.split(",") ?? [];
    const isTypes =
      /^(?:import|export) type\b/.test(statement) ||
      (names.length > 0 && names.every((name) => name.trim() === "" || name.trim().startsWith("type ")));
    if (!isTypes) loadedWith(join(dirname(module), specifier), loaded);
  }
  return loaded;
}
