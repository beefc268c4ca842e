/** Random choices for tests: the same seed makes the same ones on every machine. */
import { fnv1a32, unitAt } from "../../src/core/random.ts";

/** Draws that depend on the seed alone. */
export class Draws {
  readonly #stream: number;
  #drawn = 0;

  constructor(seed: string) {
    this.#stream = fnv1a32(seed);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(unitAt(this.#stream, this.#drawn++) * (high - low + 1));
  }

  one<T>(list: readonly T[]): T {
    const drawn = list[this.whole(0, list.length - 1)];
    if (drawn === undefined) throw new Error("nothing to draw from");
    return drawn;
  }

  chance(part: number): boolean {
    return unitAt(this.#stream, this.#drawn++) < part;
  }
}
