/** How many threads a model may use. */
import { defaultCores } from "#platform";
import { show, valueError } from "../core/errors.ts";

export interface ThreadOptions {
  /**
   * How many threads may share the work of a prediction, the caller's included; 1 for no other thread. Results do not depend on it.
   * Default: the cores that the process can use, at most 8. Where threads cannot be had (in a page that is not cross-origin isolated,
   * say), there is one.
   */
  readonly threads?: number | undefined;
}

/** More gain little from one picture, and each takes time and memory to start. */
const MOST_BY_DEFAULT = 8;

/** @throws ValueError for anything but a whole number of 1 or more. */
export function threadsOf({ threads }: ThreadOptions): number {
  if (threads === undefined) return Math.min(defaultCores(), MOST_BY_DEFAULT);
  if (!Number.isInteger(threads) || threads < 1) {
    throw valueError(`\`threads\` should be a whole number of 1 or more. Received \`threads=${show(threads)}\``);
  }
  return threads;
}
