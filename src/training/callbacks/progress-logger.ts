/** A callback that shows the progress of a training or an evaluation (keras.callbacks.ProgbarLogger). */
import { print } from "#platform";
import { ProgressBar } from "../loop/progress-bar.ts";
import { Callback, type Logs } from "./callback.ts";

/** Prints the progress as `verbose` says: nothing, a progress bar, or one line for each epoch. */
export class ProgressLogger extends Callback {
  #bar: ProgressBar | undefined;
  #seen = 0;
  #training = false;

  override onTrainBegin(): void {
    this.#training = true;
  }

  override onEpochBegin(epoch: number): void {
    const { epochs, verbose } = this.params;
    if (verbose !== 0 && epochs > 1) print(`Epoch ${epoch + 1}/${epochs}\n`);
    this.#begin();
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.#seen = batch + 1;
    this.#bar?.update(this.#seen, logs);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.#bar?.finish(this.#seen, logs);
  }

  // A validation during a training has no line of its own.

  override onTestBegin(): void {
    if (!this.#training) this.#begin();
  }

  override onTestBatchEnd(batch: number, logs: Logs): void {
    if (!this.#training) this.onTrainBatchEnd(batch, logs);
  }

  override onTestEnd(logs: Logs): void {
    if (!this.#training) this.#bar?.finish(this.#seen, logs);
  }

  #begin(): void {
    this.#seen = 0;
    this.#bar = new ProgressBar(this.params.steps, this.params.verbose);
  }
}
