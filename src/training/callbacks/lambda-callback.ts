/** A callback made of functions (keras.callbacks.LambdaCallback). */
import { FUNCTION } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { type Awaitable, Callback, type Logs } from "./callback.ts";

/** The functions of a `LambdaCallback`, each optional. The training waits for those that return a promise. */
export interface LambdaCallbackOptions {
  /** Called once, before the first epoch. */
  readonly onTrainBegin?: ((logs: Logs) => Awaitable<void>) | undefined;
  /** Called once, after the last epoch. */
  readonly onTrainEnd?: ((logs: Logs) => Awaitable<void>) | undefined;
  /** Called before each epoch; epochs are counted from 0. */
  readonly onEpochBegin?: ((epoch: number, logs: Logs) => Awaitable<void>) | undefined;
  /** Called after each epoch and its validation, with the results of both. */
  readonly onEpochEnd?: ((epoch: number, logs: Logs) => Awaitable<void>) | undefined;
  /** Called before each training step; batches are counted from 0 in each epoch. */
  readonly onTrainBatchBegin?: ((batch: number, logs: Logs) => Awaitable<void>) | undefined;
  /** Called after each training step; the logs are means over the epoch so far. */
  readonly onTrainBatchEnd?: ((batch: number, logs: Logs) => Awaitable<void>) | undefined;
}

/** A callback that calls the functions given to it, without a class of its own. */
export class LambdaCallback extends Callback {
  readonly #hooks: LambdaCallbackOptions;

  constructor(hooks: LambdaCallbackOptions) {
    checkOptions("LambdaCallback", hooks, {
      onTrainBegin: FUNCTION,
      onTrainEnd: FUNCTION,
      onEpochBegin: FUNCTION,
      onEpochEnd: FUNCTION,
      onTrainBatchBegin: FUNCTION,
      onTrainBatchEnd: FUNCTION,
    });
    super();
    this.#hooks = { ...hooks };
  }

  override onTrainBegin(logs: Logs): Awaitable<void> {
    return this.#hooks.onTrainBegin?.(logs);
  }

  override onTrainEnd(logs: Logs): Awaitable<void> {
    return this.#hooks.onTrainEnd?.(logs);
  }

  override onEpochBegin(epoch: number, logs: Logs): Awaitable<void> {
    return this.#hooks.onEpochBegin?.(epoch, logs);
  }

  override onEpochEnd(epoch: number, logs: Logs): Awaitable<void> {
    return this.#hooks.onEpochEnd?.(epoch, logs);
  }

  override onTrainBatchBegin(batch: number, logs: Logs): Awaitable<void> {
    return this.#hooks.onTrainBatchBegin?.(batch, logs);
  }

  override onTrainBatchEnd(batch: number, logs: Logs): Awaitable<void> {
    return this.#hooks.onTrainBatchEnd?.(batch, logs);
  }
}
