/** What a browser, or one of its workers, knows about itself. */

/** Browsers have no environment variables. */
export function environment(_name: string): string | undefined {
  return undefined;
}

export function defaultCores(): number {
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}

export function consoleColumns(): number {
  return Infinity;
}

export function isTerminal(): boolean {
  return false;
}

export function warn(message: string): void {
  console.warn(message);
}

export function print(text: string): void {
  for (const line of text.split("\n")) if (line.trim() !== "") console.log(line);
}

/** Browsers take such switches only when they start. */
export function joinVectors(_on: boolean): boolean {
  return false;
}
