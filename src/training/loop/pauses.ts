/** Pauses in long work, so that a page stays responsive, and timers and signals are handled. */

/** The longest time without a pause, in milliseconds. */
const LONGEST = 30;

/** A timer of pauses. */
export class Pauses {
  #last = performance.now();

  /** Yields to the event loop if the last pause was too long ago. */
  async takeIfDue(): Promise<void> {
    if (performance.now() - this.#last < LONGEST) return;
    await nextEventLoopTurn();
    this.#last = performance.now();
  }
}

/** Resolves in the next turn of the event loop. A timer would wait for 4 ms in a page. */
function nextEventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}
