/** A thing that takes time to make and has to be disposed of, made when it is first needed. */

export class Lazy<Thing extends { dispose(): void }> {
  readonly #make: () => Promise<Thing>;
  #made: Promise<Thing> | undefined;

  constructor(make: () => Promise<Thing>) {
    this.#make = make;
  }

  /** The thing. If it could not be made, the next call tries again. */
  get(): Promise<Thing> {
    if (this.#made !== undefined) return this.#made;
    const making = this.#make();
    this.#made = making;
    making.catch(() => {
      if (this.#made === making) this.#made = undefined;
    });
    return making;
  }

  /** The thing if it is there or under way; undefined if nobody has asked for it. */
  get made(): Promise<Thing> | undefined {
    return this.#made;
  }

  /** Disposes of it as soon as it is made, for good: who asks for it gets what was disposed of. */
  dispose(): void {
    // If it cannot be made, there is nothing to free.
    void this.#made?.then(
      (thing) => thing.dispose(),
      () => undefined,
    );
  }

  /** Disposes of it; the next call of `get` makes another one. */
  release(): void {
    this.dispose();
    this.#made = undefined;
  }
}
