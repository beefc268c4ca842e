/** The file that a benchmark writes with `--json`, and that the report is made of. */
import type { BatchResult, ModelResult } from "./models.ts";
import type { Machine } from "./machine.ts";
import type { Result } from "./rounds.ts";

export interface Figures {
  readonly machine: Machine;
  readonly rounds: number;
  readonly engines: readonly Result[];
  readonly models: readonly ModelResult[];
  readonly batch: BatchResult | undefined;
}
