/** Pauses in long work, so that a page answers, and timers and signals come through. */

/** Work goes on without a pause for so many milliseconds. */
const LONGEST = 30;

export class Breath {
  #last = performance.now();

  /** Lets others have their turn, where it is time. */
  async take(): Promise<void> {
    if (performance.now() - this.#last < LONGEST) return;
    await turn();
    this.#last = performance.now();
  }
}

/** The end of a turn of the event loop. A timer would wait for 4 ms in a page. */
function turn(): Promise<void> {
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
