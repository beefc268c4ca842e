/** The number of threads of a model. */
import { defaultCores } from "#platform";
import { show, valueError } from "../core/errors.ts";

/** The option of the number of threads. */
export interface ThreadOptions {
  /**
   * The largest number of threads that share the work of a prediction or a training step, including the calling thread. Results do not depend
   * on it. If threads are not available, as in a page that is not cross-origin isolated, there is only one. Default: the number of cores that
   * the process can use, at most 8.
   */
  readonly threads?: number | undefined;
}

/** More threads gain little for one picture, and each takes time and memory to start. */
const MOST_BY_DEFAULT = 8;

/** The number of threads, given or default. @throws ValueError if it is not a whole number of 1 or more. */
export function threadsOf({ threads }: ThreadOptions): number {
  if (threads === undefined) return Math.min(defaultCores(), MOST_BY_DEFAULT);
  if (!Number.isInteger(threads) || threads < 1) {
    throw valueError(`\`threads\` should be a whole number of 1 or more. Received \`threads=${show(threads)}\``);
  }
  return threads;
}
