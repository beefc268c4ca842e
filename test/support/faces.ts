/** What each public face exports, by its specifier, from the sources. */
import { faces } from "../../scripts/faces.ts";

type Exports = Readonly<Record<string, unknown>>;

const entries = await Promise.all(
  faces.map(async ({ specifier, source }): Promise<readonly [string, Exports]> => [
    specifier,
    await import(new URL(`../../${source}`, import.meta.url).href),
  ]),
);

export const exportsOfFaces: ReadonlyMap<string, Exports> = new Map(entries);

/** All values that a program can import from anywhere, by name. */
export const allExports: Exports = Object.assign({}, ...exportsOfFaces.values());
