/** Callbacks one after the other, each waited for (keras.callbacks.CallbackList). */
import type { TrainedModel } from "../model.ts";
import type { Callback, CallbackParams, Logs } from "./callback.ts";

type Hook = {
  [Name in keyof Callback]: Name extends `on${string}` ? Name : never;
}[keyof Callback];

type PlainHook = Exclude<Hook, `on${string}Epoch${string}` | `on${string}Batch${string}`>;
type CountedHook = Exclude<Hook, PlainHook>;

export class CallbackList {
  readonly callbacks: readonly Callback[];

  constructor(callbacks: readonly Callback[], model: TrainedModel, params: CallbackParams) {
    this.callbacks = callbacks;
    for (const callback of callbacks) {
      callback.setModel(model);
      callback.setParams(params);
    }
  }

  async call(hook: PlainHook, logs: Logs): Promise<void> {
    for (const callback of this.callbacks) {
      await callback[hook](logs);
    }
  }

  /** The hooks of an epoch or a batch: its number from 0 comes first. */
  async callAt(hook: CountedHook, index: number, logs: Logs): Promise<void> {
    for (const callback of this.callbacks) {
      await callback[hook](index, logs);
    }
  }
}
