/** The page's side of harness.test.ts: what kind of page it is, and seeded numbers made in it. */
import { uniform } from "../../../src/core/random.ts";

export function run(name: string | null): unknown {
  if (name === null) throw new TypeError("no name");
  return { isolated: globalThis.crossOriginIsolated, numbers: [...uniform(name, 4, -1, 1)] };
}
