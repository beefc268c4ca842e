/** Makes the learning rate smaller when nothing gets better any more (keras.callbacks.ReduceLROnPlateau). */
import { print, warn } from "#platform";
import { show, valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { type StateRecord, numberIn, numberOrNullIn } from "../loop/state.ts";
import type { Logs } from "./callback.ts";
import { MonitorCallback, type MonitorOptions, logged, MONITOR_OPTIONS } from "./monitor.ts";
import { optimizerOfModel } from "./learning-rate-scheduler.ts";

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the rate is multiplied by. Default: 0.1. */
  readonly factor?: number | undefined;
  /** So many epochs without an improvement are waited for. Default: 10. */
  readonly patience?: number | undefined;
  /** Default: 0.0001. */
  readonly minDelta?: number | undefined;
  /** So many epochs after a change do not count. Default: 0. */
  readonly cooldown?: number | undefined;
  /** Default: 0. */
  readonly minLr?: number | undefined;
  /** 1: say it. Default: 0. */
  readonly verbose?: number | undefined;
}

export class ReduceLROnPlateau extends MonitorCallback {
  readonly factor: number;
  readonly patience: number;
  readonly cooldown: number;
  readonly minLr: number;
  readonly verbose: number;
  #wait = 0;
  #cooling = 0;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    checkOptions("ReduceLROnPlateau", options, {
      ...MONITOR_OPTIONS,
      factor: true,
      patience: true,
      minDelta: true,
      cooldown: true,
      minLr: true,
      verbose: true,
    });
    super({ ...options, minDelta: options.minDelta ?? 1e-4 });
    this.factor = options.factor ?? 0.1;
    this.patience = options.patience ?? 10;
    this.cooldown = options.cooldown ?? 0;
    this.minLr = options.minLr ?? 0;
    this.verbose = options.verbose ?? 0;
    if (!(this.factor < 1)) {
      throw valueError(`ReduceLROnPlateau does not support a factor >= 1.0. Received factor=${show(this.factor)}`);
    }
  }

  override onTrainBegin(): void {
    this.best = null;
    this.#wait = 0;
    this.#cooling = 0;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const optimizer = optimizerOfModel(this.model);
    logs["learning_rate"] = optimizer.learningRate;
    const current = logged(logs, this.monitor);
    if (current === undefined) {
      warn(
        `Learning rate reduction is conditioned on metric \`${this.monitor}\` which is not available. Available metrics are: ${Object.keys(logs).join(",")}.`,
      );
      return;
    }
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#wait = 0;
    }
    if (this.isImprovement(current, this.best)) {
      this.best = current;
      this.#wait = 0;
      return;
    }
    if (this.#cooling > 0 || ++this.#wait < this.patience || optimizer.learningRate <= this.minLr) return;
    optimizer.learningRate = Math.max(optimizer.learningRate * this.factor, this.minLr);
    this.#cooling = this.cooldown;
    this.#wait = 0;
    if (this.verbose > 0) {
      print(`\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${optimizer.learningRate}.\n`);
    }
  }

  override getState(): StateRecord {
    return { best: this.best, wait: this.#wait, cooling: this.#cooling };
  }

  override setState(state: StateRecord): void {
    this.best = numberOrNullIn(state, "best");
    this.#wait = numberIn(state, "wait");
    this.#cooling = numberIn(state, "cooling");
  }
}
