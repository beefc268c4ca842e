/** Ctrl-C while something takes long: it is given up in good order, and nothing half-written stays. */

/** What the promise of interrupted work is rejected with. */
class Interrupted extends Error {
  override readonly name = "Interrupted";
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
    // Not what the work made of the interruption.
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    process.removeListener("SIGINT", interrupt);
  }
}
