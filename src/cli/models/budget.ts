/** Budgets as they are typed: times and sizes. */
import { InvalidArgumentError } from "commander";

export interface Budget {
  readonly latencyMs?: number;
  readonly downloadBytes?: number;
}

const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ["us", 1e-3],
  ["µs", 1e-3],
  ["ms", 1],
  ["s", 1e3],
]);

const BYTES: ReadonlyMap<string, number> = new Map([
  ["b", 1],
  ["kb", 1e3],
  ["mb", 1e6],
  ["gb", 1e9],
  ["kib", 2 ** 10],
  ["mib", 2 ** 20],
  ["gib", 2 ** 30],
]);

/** "5ms" or "2MB", added to what was typed before. */
export function parseBudget(text: string, before: Budget = {}): Budget {
  const [, digits, unit = ""] = /^(\d+\.?\d*|\.\d+)\s*([a-zµ]+)$/i.exec(text.trim()) ?? [];
  const value = Number(digits);
  const [milliseconds, bytes] = [MILLISECONDS.get(unit.toLowerCase()), BYTES.get(unit.toLowerCase())];
  if (value > 0 && value < Infinity) {
    if (milliseconds !== undefined) return { ...before, latencyMs: value * milliseconds };
    if (bytes !== undefined) return { ...before, downloadBytes: value * bytes };
  }
  throw new InvalidArgumentError("It must be a time or a size above 0, such as 5ms or 2MB.");
}
