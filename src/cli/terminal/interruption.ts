/** Ctrl-C while something is downloaded: it is given up in good order, and nothing half-written stays. */

/** What the promise of interrupted work is rejected with. */
class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** A function that is not begun any more once the signal is aborted: what comes of many small pieces ends between two of them. */
export function untilAborted<Given, Made>(
  signal: AbortSignal,
  make: (given: Given) => Promise<Made>,
): (given: Given) => Promise<Made> {
  return async (given) => {
    signal.throwIfAborted();
    return await make(given);
  };
}

/** Runs `work` with a signal that Ctrl-C aborts; a second Ctrl-C ends the process as ever. */
export async function interruptible<T>(work: (stop: AbortController) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new Interrupted("interrupted"));
  process.once("SIGINT", interrupt);
  try {
    const result = await work(stop);
    stop.signal.throwIfAborted();
    return result;
  } catch (error) {
    // Whatever the work made of it.
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    process.removeListener("SIGINT", interrupt);
  }
}
