/** A callback that records the logs of every epoch (keras.callbacks.History). */
import { type StateRecord, numbersIn, recordIn } from "../loop/state.ts";
import { Callback, type Logs } from "./callback.ts";

/** The record of a training, to which `fit` resolves. */
export class History extends Callback {
  /** The loss and the metrics by name, with one value for each epoch that has it. */
  history: Record<string, number[]> = {};
  /** The epochs that were trained, counted from 0. */
  epoch: number[] = [];

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.history[name] ??= []).push(value);
  }

  override getState(): StateRecord {
    return { epoch: this.epoch, history: this.history };
  }

  override setState(state: StateRecord): void {
    const history = recordIn(state, "history");
    this.epoch = [...numbersIn(state, "epoch")];
    this.history = Object.fromEntries(Object.keys(history).map((name) => [name, [...numbersIn(history, name)]]));
  }
}
