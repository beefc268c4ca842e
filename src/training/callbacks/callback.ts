/** What happens between the steps of a training (keras.callbacks.Callback). */
import type { TrainedModel } from "../loop/model.ts";
import type { StateRecord } from "../loop/state.ts";

/** Loss and metrics by name; those of the validation begin with `val_`. Callbacks may add to them. */
export type Logs = Record<string, number>;

export type Awaitable<T> = T | Promise<T>;

export interface CallbackParams {
  readonly epochs: number;
  /** The batches of an epoch, where that is known. */
  readonly steps: number | undefined;
  /** 0: silent, 1: a bar, 2: a line an epoch. */
  readonly verbose: 0 | 1 | 2;
  /** The training itself; undefined in `evaluate`. */
  readonly session: TrainingSession | undefined;
}

/** A training that can be stopped anywhere between two steps and taken up again. */
export interface TrainingSession {
  /** All that changes: weights, optimizer, metrics, callbacks, how far it has come. Arrays are copies. */
  getState(): StateRecord;
  /** Goes on from there. @throws FormatError or ValueError where it is the state of another training; nothing is changed then. */
  setState(state: StateRecord): void;
}

/** Extend it and override what you need. Every hook may be asynchronous: the training waits for it. */
export abstract class Callback {
  #model: TrainedModel | undefined;
  #params: CallbackParams | undefined;

  /** The model that is trained. @throws Error outside of a training. */
  get model(): TrainedModel {
    if (this.#model === undefined) throw new Error("A callback has a model while it is trained.");
    return this.#model;
  }

  get params(): CallbackParams {
    if (this.#params === undefined) throw new Error("A callback has parameters while a model is trained.");
    return this.#params;
  }

  setModel(model: TrainedModel): void {
    this.#model = model;
  }

  setParams(params: CallbackParams): void {
    this.#params = params;
  }

  onTrainBegin(_logs: Logs): Awaitable<void> {}
  onTrainEnd(_logs: Logs): Awaitable<void> {}
  /** Epochs and batches are counted from 0. */
  onEpochBegin(_epoch: number, _logs: Logs): Awaitable<void> {}
  onEpochEnd(_epoch: number, _logs: Logs): Awaitable<void> {}
  onTrainBatchBegin(_batch: number, _logs: Logs): Awaitable<void> {}
  /** The logs are means over the epoch so far. */
  onTrainBatchEnd(_batch: number, _logs: Logs): Awaitable<void> {}
  onTestBegin(_logs: Logs): Awaitable<void> {}
  onTestEnd(_logs: Logs): Awaitable<void> {}
  onTestBatchBegin(_batch: number, _logs: Logs): Awaitable<void> {}
  onTestBatchEnd(_batch: number, _logs: Logs): Awaitable<void> {}

  /** What it must remember to go on after an interruption; override both for a callback that counts. */
  getState(): StateRecord {
    return {};
  }

  setState(_state: StateRecord): void {}
}
