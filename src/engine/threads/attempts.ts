/** When to try again what has failed, as the start of a thread: it may fail today and not tomorrow, or never succeed. */

/** From the second failure on: the pause before another attempt in milliseconds, doubled each time. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;

export class Attempts {
  #number = 0;
  #failures = 0;
  #lastFailed = 0;
  #pauseUntil = 0;

  /** The number of a new attempt; undefined where it is too early for one. */
  next(): number | undefined {
    return performance.now() < this.#pauseUntil ? undefined : ++this.#number;
  }

  /** What belongs to one attempt may fail several times. */
  failed(attempt: number): void {
    if (attempt === this.#lastFailed) return;
    const pause = this.#failures === 0 ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 1));
    this.#lastFailed = attempt;
    this.#failures++;
    this.#pauseUntil = performance.now() + pause;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pauseUntil = 0;
  }
}
