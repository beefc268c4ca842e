/** Asynchronous work done ahead of its consumer, with its results in order (tf.data's `prefetch` and parallel `map`). */

/** The limits of the work ahead. */
export interface MapAheadOptions {
  /** The number of items worked on at once. */
  readonly concurrency: number;
  /** The largest number of results, finished or not, that the consumer has not taken yet. */
  readonly window: number;
}

type Settled<Out> = { readonly value: Out } | { readonly error: unknown };

/** Yields the results of `work` for each item, in order. Work starts when the first result is requested; after an early end, none is started. */
export async function* mapAhead<In, Out>(
  items: Iterable<In>,
  work: (item: In) => Promise<Out>,
  { concurrency, window }: MapAheadOptions,
): AsyncGenerator<Out, void, undefined> {
  const source = items[Symbol.iterator]();
  const waiting: Promise<Settled<Out>>[] = [];
  let active = 0;
  let ended = false;

  const settle = async (item: In): Promise<Settled<Out>> => {
    try {
      return { value: await work(item) };
    } catch (error) {
      // An error is thrown when its turn comes, like a result.
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

/** An iterable of the same items, of which up to `count` are requested in advance, one after the other. */
export async function* prefetched<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T, void, undefined> {
  const source = items[Symbol.asyncIterator]();
  const asked: Promise<IteratorResult<T>>[] = [];
  let ended = false;
  let waits = false;
  const fill = (): void => {
    if (ended || waits || asked.length > count) return;
    waits = true;
    const next = source.next();
    asked.push(next);
    const came = (isLast: boolean): void => {
      waits = false;
      ended ||= isLast;
      fill();
    };
    // A rejection is thrown in its turn; after an early end, it must not count as unhandled.
    next.then(
      ({ done }) => came(done === true),
      () => came(true),
    );
  };
  try {
    fill();
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- in order is what is wanted
      const result = await next;
      if (result.done === true) return;
      fill();
      yield result.value;
    }
  } finally {
    ended = true;
    await source.return?.();
  }
}
