/** Ends a training that no longer gets better (keras.callbacks.EarlyStopping). */
import { checkOptions } from "../../core/options.ts";
import { print, warn } from "#platform";
import { assignWeights, copyWeights } from "../loop/model.ts";
import { type StateRecord, arraysIn, numberIn, numberOrNullIn } from "../loop/state.ts";
import type { Logs } from "./callback.ts";
import { MonitorCallback, type MonitorOptions, logged, MONITOR_OPTIONS } from "./monitor.ts";

export interface EarlyStoppingOptions extends MonitorOptions {
  /** So many epochs without an improvement are waited for. Default: 0. */
  readonly patience?: number | undefined;
  /** What has to be reached first: until then nothing counts as an improvement for the patience. */
  readonly baseline?: number | null | undefined;
  /** Whether the model gets the weights of its best epoch at the end. Default: false. */
  readonly restoreBestWeights?: boolean | undefined;
  /** The epochs before this one do not count. Default: 0. */
  readonly startFromEpoch?: number | undefined;
  /** 1: say it. Default: 0. */
  readonly verbose?: number | undefined;
}

export class EarlyStopping extends MonitorCallback {
  readonly patience: number;
  readonly baseline: number | null;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  readonly verbose: number;
  /** The epoch that ended it, from 0; 0 where none did. */
  stoppedEpoch = 0;
  bestEpoch = 0;
  #wait = 0;
  #bestWeights: readonly Float32Array[] | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    checkOptions("EarlyStopping", options, {
      ...MONITOR_OPTIONS,
      patience: true,
      baseline: true,
      restoreBestWeights: true,
      startFromEpoch: true,
      verbose: true,
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
