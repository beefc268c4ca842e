/** A callback of functions (keras.callbacks.LambdaCallback). */
import { checkOptions } from "../../core/options.ts";
import { type Awaitable, Callback, type Logs } from "./callback.ts";

export interface LambdaCallbackOptions {
  readonly onTrainBegin?: ((logs: Logs) => Awaitable<void>) | undefined;
  readonly onTrainEnd?: ((logs: Logs) => Awaitable<void>) | undefined;
  readonly onEpochBegin?: ((epoch: number, logs: Logs) => Awaitable<void>) | undefined;
  readonly onEpochEnd?: ((epoch: number, logs: Logs) => Awaitable<void>) | undefined;
  readonly onTrainBatchBegin?: ((batch: number, logs: Logs) => Awaitable<void>) | undefined;
  readonly onTrainBatchEnd?: ((batch: number, logs: Logs) => Awaitable<void>) | undefined;
}

export class LambdaCallback extends Callback {
  readonly #hooks: LambdaCallbackOptions;

  constructor(hooks: LambdaCallbackOptions) {
    checkOptions("LambdaCallback", hooks, {
      onTrainBegin: true,
      onTrainEnd: true,
      onEpochBegin: true,
      onEpochEnd: true,
      onTrainBatchBegin: true,
      onTrainBatchEnd: true,
    });
    super();
    this.#hooks = hooks;
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
