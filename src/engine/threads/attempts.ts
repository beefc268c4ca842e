/** When to try again what has failed, such as the start of a thread: it may succeed next time, or never. */

/** The pause before another attempt in milliseconds, from the second failure on; it doubles each time. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;

export class Attempts {
  #number = 0;
  #failures = 0;
  #lastFailed = 0;
  #pauseUntil = 0;

  /** The number of a new attempt; undefined if it is too early for one. */
  next(): number | undefined {
    return performance.now() < this.#pauseUntil ? undefined : ++this.#number;
  }

  /** Says that an attempt has failed. Several threads of one attempt may fail: they count once. */
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
