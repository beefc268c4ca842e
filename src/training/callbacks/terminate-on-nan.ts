/** Ends a training whose loss is no number any more (keras.callbacks.TerminateOnNaN). */
import { print } from "#platform";
import { valueError } from "../../core/errors.ts";
import { Callback, type Logs } from "./callback.ts";

export class TerminateOnNaN extends Callback {
  readonly raiseError: boolean;

  /** `raiseError`: throw a ValueError. Default: stop and say so. */
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
