/** A callback that stops a training that no longer improves (keras.callbacks.EarlyStopping). */
import { FLAG, NUMBER, VERBOSE, orNull } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { print, warn } from "#platform";
import { assignWeights, copyWeights } from "../loop/model.ts";
import { type StateRecord, arraysIn, numberIn, numberOrNullIn } from "../loop/state.ts";
import type { Logs } from "./callback.ts";
import { MonitorCallback, type MonitorOptions, logged, MONITOR_OPTIONS } from "./monitor.ts";

/** The options of `EarlyStopping`. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** The number of epochs without an improvement after which the training stops. Default: 0. */
  readonly patience?: number | undefined;
  /** The value that the monitored quantity must beat: an improvement that stays short of it does not reset the patience. Default: none. */
  readonly baseline?: number | null | undefined;
  /** Whether to restore the weights of the best epoch when the training ends. Default: false, the weights of the last step stay. */
  readonly restoreBestWeights?: boolean | undefined;
  /** The epoch, from 0, at which monitoring starts: earlier ones are a warm-up. Default: 0. */
  readonly startFromEpoch?: number | undefined;
  /** 0: silent, 1: prints a line when the callback acts. Default: 0. */
  readonly verbose?: number | undefined;
}

/** Stops the training when a monitored quantity has not improved for `patience` epochs. It warns if the quantity is not in the logs. */
export class EarlyStopping extends MonitorCallback {
  readonly patience: number;
  readonly baseline: number | null;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  readonly verbose: number;
  /** The epoch, from 0, after which this callback stopped the training; 0 if it did not. */
  stoppedEpoch = 0;
  /** The epoch, from 0, with the best value so far. */
  bestEpoch = 0;
  #wait = 0;
  #bestWeights: readonly Float32Array[] | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    checkOptions("EarlyStopping", options, {
      ...MONITOR_OPTIONS,
      patience: NUMBER,
      baseline: orNull(NUMBER),
      restoreBestWeights: FLAG,
      startFromEpoch: NUMBER,
      verbose: VERBOSE,
    });
    super(options);
    this.patience = options.patience ?? 0;
    this.baseline = options.baseline ?? null;
    this.restoreBestWeights = options.restoreBestWeights ?? false;
    this.startFromEpoch = options.startFromEpoch ?? 0;
    this.verbose = options.verbose ?? 0;
  }

  override onTrainBegin(): void {
    this.#wait = 0;
    this.stoppedEpoch = 0;
    this.best = null;
    this.bestEpoch = 0;
    this.#bestWeights = undefined;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const current = logged(logs, this.monitor);
    if (current === undefined) {
      warn(
        `Early stopping conditioned on metric \`${this.monitor}\` which is not available. Available metrics are: ${Object.keys(logs).join(",")}`,
      );
    }
    if (current === undefined || epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && this.#bestWeights === undefined) this.#keep(epoch);
    this.#wait++;
    if (this.isImprovement(current, this.best)) {
      this.best = current;
      this.bestEpoch = epoch;
      if (this.restoreBestWeights) this.#keep(epoch);
      if (this.baseline === null || this.isImprovement(current, this.baseline)) this.#wait = 0;
    } else if (this.#wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.verbose > 0) print(`Epoch ${this.stoppedEpoch + 1}: early stopping\n`);
    if (this.#bestWeights === undefined) return;
    if (this.verbose > 0) {
      print(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.\n`);
    }
    assignWeights(this.model, this.#bestWeights);
  }

  #keep(epoch: number): void {
    this.#bestWeights = copyWeights(this.model);
    this.bestEpoch = epoch;
  }

  override getState(): StateRecord {
    const { best, bestEpoch, stoppedEpoch } = this;
    return { wait: this.#wait, best, bestEpoch, stoppedEpoch, bestWeights: this.#bestWeights ?? [] };
  }

  override setState(state: StateRecord): void {
    this.#wait = numberIn(state, "wait");
    this.best = numberOrNullIn(state, "best");
    this.bestEpoch = numberIn(state, "bestEpoch");
    this.stoppedEpoch = numberIn(state, "stoppedEpoch");
    const weights = arraysIn(state, "bestWeights");
    this.#bestWeights = weights.length > 0 ? weights : undefined;
  }
}
