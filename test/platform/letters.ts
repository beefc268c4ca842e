/** A stand-in for a weights file, whose check can tell whether it is whole. */

export function letters(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length).fill(65);
  bytes[length - 1] = 90;
  return bytes;
}

/** The check: letters A, and a Z at the end. */
export function checkLetters(bytes: Uint8Array): void {
  if (bytes.at(-1) !== 90 || bytes.findIndex((value) => value !== 65) !== bytes.length - 1) {
    throw new Error("not letters from A to Z");
  }
}
