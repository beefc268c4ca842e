/** The base class of callbacks, which act between the steps of a training (keras.callbacks.Callback). */
import type { TrainedModel } from "../loop/model.ts";
import type { StateRecord } from "../loop/state.ts";

/** The loss and the metrics by name; those of the validation begin with `val_`. Callbacks may add entries. */
export type Logs = Record<string, number>;

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** The parameters of the running training. */
export interface CallbackParams {
  /** The number of epochs. */
  readonly epochs: number;
  /** The number of batches in an epoch, if known. */
  readonly steps: number | undefined;
  /** 0: silent, 1: a progress bar, 2: one line for each epoch. */
  readonly verbose: 0 | 1 | 2;
  /** The training itself, to save and restore; undefined in `evaluate`. */
  readonly session: TrainingSession | undefined;
}

/** A running training, which can be saved between any two steps and resumed later. */
export interface TrainingSession {
  /** Everything that changes in a training: weights, optimizer, metrics, callbacks, epoch and batch. Arrays are copies. */
  getState(): StateRecord;
  /**
   * Resumes from a saved state. @throws StateError or ValueError, with nothing changed, if it is that of another training; FormatError if it is
   * incomplete.
   */
  setState(state: StateRecord): void;
}

/**
 * A callback. Extend it and override the hooks you need. Every hook may return a promise: the training waits for it. In `evaluate`, only the
 * hooks `onTest…` are called; in `fit`, they are called for the validation.
 */
export abstract class Callback {
  #model: TrainedModel | undefined;
  #params: CallbackParams | undefined;

  /** The model that is being trained or evaluated. @throws Error before the first training. */
  get model(): TrainedModel {
    if (this.#model === undefined) throw new Error("A callback has a model while it is trained.");
    return this.#model;
  }

  /** The parameters of the running training. @throws Error before the first training. */
  get params(): CallbackParams {
    if (this.#params === undefined) throw new Error("A callback has parameters while a model is trained.");
    return this.#params;
  }

  /** Called by `fit` and `evaluate` before anything else. */
  setModel(model: TrainedModel): void {
    this.#model = model;
  }

  /** Called by `fit` and `evaluate` after `setModel`. */
  setParams(params: CallbackParams): void {
    this.#params = params;
  }

  /** Called once, before the first epoch. */
  onTrainBegin(_logs: Logs): Awaitable<void> {}
  /** Called once, after the last epoch, with the logs of that epoch. */
  onTrainEnd(_logs: Logs): Awaitable<void> {}
  /** Called before each epoch; epochs are counted from 0. */
  onEpochBegin(_epoch: number, _logs: Logs): Awaitable<void> {}
  /** Called after each epoch and its validation; the logs hold the results of both. */
  onEpochEnd(_epoch: number, _logs: Logs): Awaitable<void> {}
  /** Called before each training step; batches are counted from 0 in each epoch. */
  onTrainBatchBegin(_batch: number, _logs: Logs): Awaitable<void> {}
  /** Called after each training step; the logs are means over the epoch so far. */
  onTrainBatchEnd(_batch: number, _logs: Logs): Awaitable<void> {}
  /** Called before an evaluation or a validation. */
  onTestBegin(_logs: Logs): Awaitable<void> {}
  /** Called after an evaluation or a validation, with its results. */
  onTestEnd(_logs: Logs): Awaitable<void> {}
  /** Called before each batch of an evaluation or a validation; batches are counted from 0. */
  onTestBatchBegin(_batch: number, _logs: Logs): Awaitable<void> {}
  /** Called after each batch of an evaluation or a validation; the logs are means so far. */
  onTestBatchEnd(_batch: number, _logs: Logs): Awaitable<void> {}

  /** The state that the callback needs to resume after an interruption. A callback that has one overrides both methods. */
  getState(): StateRecord {
    return {};
  }

  /** Restores a result of `getState`; called after `onTrainBegin` of a resumed training. */
  setState(_state: StateRecord): void {}
}
