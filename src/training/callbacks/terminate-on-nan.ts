/** A callback that stops a training whose loss is NaN or infinite (keras.callbacks.TerminateOnNaN). */
import { print } from "#platform";
import { valueError } from "../../core/errors.ts";
import { Callback, type Logs } from "./callback.ts";

/** Stops the training after the first step whose loss is NaN or infinite. */
export class TerminateOnNaN extends Callback {
  readonly raiseError: boolean;

  /** `raiseError` is whether `fit` then throws a ValueError. Default: false, it prints a line and stops the training. */
  constructor({ raiseError = false }: { readonly raiseError?: boolean } = {}) {
    super();
    this.raiseError = raiseError;
  }

  override onTrainBatchEnd(batch: number, { loss }: Logs): void {
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raiseError) {
      throw valueError(
        `NaN or Inf loss encountered at batch ${batch}. Loss value: ${loss}. Terminating training immediately.`,
      );
    }
    print(`Batch ${batch}: Invalid loss, terminating training\n`);
    this.model.stopTraining = true;
  }
}
