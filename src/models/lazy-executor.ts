/** An executor that is made when it is first needed. */
import { disposeWhenMade } from "../core/disposal.ts";
import type { Executor } from "../graph/executor.ts";

export class LazyExecutor {
  readonly #make: () => Promise<Executor>;
  #made: Promise<Executor> | undefined;

  constructor(make: () => Promise<Executor>) {
    this.#make = make;
  }

  /** The executor. After a failed start, the next call tries again. */
  get(): Promise<Executor> {
    const making = (this.#made ??= this.#make());
    making.catch(() => {
      if (this.#made === making) this.#made = undefined;
    });
    return making;
  }

  /** The number of bytes that it holds; 0 if there is none. */
  async memoryBytes(): Promise<number> {
    return this.#made === undefined ? 0 : (await this.#made).memoryBytes;
  }

  /** Frees it; the next call of `get` makes another one. */
  release(): void {
    disposeWhenMade(this.#made);
    this.#made = undefined;
  }
}
