/** Work ahead of whoever takes its results: in their order, so many at once, and no more than so many waiting. */

export interface AheadOptions {
  /** How many are worked on at once. */
  readonly concurrency: number;
  /** How many may be there or on their way that nobody has taken yet. */
  readonly window: number;
}

type Settled<Out> = { readonly value: Out } | { readonly error: unknown };

/** Does `work` for each item and yields what it gives, in order. Starts with the first taking; no item is started after the end. */
export async function* ahead<In, Out>(
  items: Iterable<In>,
  work: (item: In) => Promise<Out>,
  { concurrency, window }: AheadOptions,
): AsyncGenerator<Out, void, undefined> {
  const source = items[Symbol.iterator]();
  const waiting: Promise<Settled<Out>>[] = [];
  let active = 0;
  let ended = false;

  const settle = async (item: In): Promise<Settled<Out>> => {
    try {
      return { value: await work(item) };
    } catch (error) {
      // It waits for its turn too.
      return { error };
    } finally {
      active--;
      queueMicrotask(fill);
    }
  };

  const fill = (): void => {
    while (!ended && active < concurrency && waiting.length < window) {
      const next = source.next();
      if (next.done === true) {
        ended = true;
        return;
      }
      active++;
      waiting.push(settle(next.value));
    }
  };

  try {
    fill();
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- in order is what is wanted
      const settled = await next;
      fill();
      if ("error" in settled) throw settled.error;
      yield settled.value;
      fill();
    }
  } finally {
    ended = true;
    source.return?.();
  }
}

/** An iterable whose items are asked for before they are taken: `count` of them. */
export async function* prefetched<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T, void, undefined> {
  const source = items[Symbol.asyncIterator]();
  const asked: Promise<IteratorResult<T>>[] = [];
  const ask = (): void => {
    const next = source.next();
    // It is looked at in its turn; after an early end, never.
    next.catch(() => undefined);
    asked.push(next);
  };
  try {
    while (asked.length <= count) ask();
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- in order is what is wanted
      const result = await next;
      if (result.done === true) return;
      ask();
      yield result.value;
    }
  } finally {
    await source.return?.();
  }
}
