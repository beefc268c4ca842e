/** Does one piece of work at a time, in the order in which they were asked for. */

export class Turns {
  /** A promise that settles when everything before has. */
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
