/** What Node knows about the process and the machine. */

import { availableParallelism } from "node:os";
import { isatty } from "node:tty";
import { setFlagsFromString } from "node:v8";

import { escapedBytes } from "./byte-names.ts";

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

export function consoleColumns(): number {
  const said = Number(environment("COLUMNS") ?? 0);
  // The types do not know that a stream to a file has none.
  const own: number | undefined = process.stdout.columns;
  return Number.isInteger(said) && said > 0 ? said : (own ?? 80);
}

export function warn(message: string): void {
  console.warn(escapedBytes(message));
}

export function print(text: string): void {
  process.stderr.write(escapedBytes(text));
}

/** The first version of V8 in which joining vectors was tried. */
const JOINING_V8 = 14;

export function joinVectors(on: boolean): boolean {
  const [major] = (process.versions.v8 ?? "").split(".");
  if (process.arch !== "x64" || !(Number(major) >= JOINING_V8)) return false;
  setFlagsFromString(on ? "--experimental-wasm-revectorize" : "--no-experimental-wasm-revectorize");
  return true;
}
