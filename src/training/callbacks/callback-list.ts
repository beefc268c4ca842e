/** The callbacks of a training, called one after the other and awaited (keras.callbacks.CallbackList). */
import { show, valueError } from "../../core/errors.ts";
import type { TrainedModel } from "../loop/model.ts";
import { Callback, type CallbackParams, type Logs } from "./callback.ts";

type Hook = {
  [Name in keyof Callback]: Name extends `on${string}` ? Name : never;
}[keyof Callback];

type PlainHook = Exclude<Hook, `on${string}Epoch${string}` | `on${string}Batch${string}`>;
type CountedHook = Exclude<Hook, PlainHook>;

/** Runs a function while the model does nothing else. */
export type WhilePaused = (run: () => Promise<void>) => Promise<void>;

/** The callbacks given as the option `callbacks`. @throws ValueError if that is not a list of callbacks. */
export function callbacksOf(given: unknown): readonly Callback[] {
  if (given === undefined || given === null) return [];
  if (Array.isArray(given) && Array.from(given).every((one) => one instanceof Callback)) return given;
  throw valueError(
    `\`callbacks\` should be a list of instances of Callback, such as [new EarlyStopping()]; LambdaCallback makes one of functions. Received: callbacks=${show(given)}`,
  );
}

/** A list of callbacks, each of which is given the model and the training's parameters. */
export class CallbackList {
  readonly callbacks: readonly Callback[];
  readonly #whilePaused: WhilePaused;

  constructor(callbacks: readonly Callback[], model: TrainedModel, params: CallbackParams, whilePaused: WhilePaused) {
    this.callbacks = callbacks;
    this.#whilePaused = whilePaused;
    for (const callback of callbacks) {
      callback.setModel(model);
      callback.setParams(params);
    }
  }

  /** Calls a hook that takes only the logs. */
  async call(hook: PlainHook, logs: Logs): Promise<void> {
    await this.#whilePaused(async () => {
      for (const callback of this.callbacks) await callback[hook](logs);
    });
  }

  /** Calls a hook of an epoch or a batch, whose index from 0 is its first argument. */
  async callAt(hook: CountedHook, index: number, logs: Logs): Promise<void> {
    await this.#whilePaused(async () => {
      for (const callback of this.callbacks) await callback[hook](index, logs);
    });
  }
}
