/** What the figures of a benchmark depend on. */
import { availableParallelism, cpus, release, type } from "node:os";

export interface Machine {
  readonly text: string;
  readonly date: string;
}

export function machine(chromium: string | undefined): Machine {
  const parts = [
    `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? "an unknown processor"}`,
    `${type()} ${release().split("-")[0] ?? ""}`,
    `Node ${process.versions.node} (V8 ${process.versions.v8.split("-")[0] ?? ""})`,
    ...(chromium === undefined ? [] : [`Chromium ${chromium}`]),
  ];
  return { text: parts.join(", "), date: new Date().toISOString().slice(0, 10) };
}
