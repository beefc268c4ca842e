/** What Node says about the process and the machine. */

import { availableParallelism } from "node:os";

export function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

export function defaultCores(): number {
  return availableParallelism();
}

export function isTerminal(): boolean {
  return process.stderr.isTTY;
}

export function warn(message: string): void {
  console.warn(message);
}
