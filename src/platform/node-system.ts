/** What Node says about the process and the machine. */

import { availableParallelism } from "node:os";
import { isatty } from "node:tty";

export function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

export function defaultCores(): number {
  return availableParallelism();
}

export function isTerminal(): boolean {
  return isatty(2);
}

export function warn(message: string): void {
  console.warn(message);
}
