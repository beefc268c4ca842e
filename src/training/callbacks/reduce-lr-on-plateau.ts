/** A callback that reduces the learning rate when a value stops improving (keras.callbacks.ReduceLROnPlateau). */
import { print, warn } from "#platform";
import { show, valueError } from "../../core/errors.ts";
import { NUMBER, VERBOSE } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { type StateRecord, numberIn, numberOrNullIn } from "../loop/state.ts";
import type { Logs } from "./callback.ts";
import { MonitorCallback, type MonitorOptions, logged, MONITOR_OPTIONS } from "./monitor.ts";
import { optimizerOfModel } from "./learning-rate-scheduler.ts";

/** The options of `ReduceLROnPlateau`. */
export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** The factor, below 1, that the learning rate is multiplied by. Default: 0.1. */
  readonly factor?: number | undefined;
  /** The number of epochs without an improvement after which the learning rate is reduced. Default: 10. */
  readonly patience?: number | undefined;
  /** The smallest change that counts as an improvement: it has to be larger than this. Default: 0.0001. */
  readonly minDelta?: number | undefined;
  /** The number of epochs after a reduction before epochs without an improvement count again. Default: 0. */
  readonly cooldown?: number | undefined;
  /** The lowest learning rate. Default: 0. */
  readonly minLr?: number | undefined;
  /** 0: silent, 1: prints a line when the callback acts. Default: 0. */
  readonly verbose?: number | undefined;
}

/**
 * Multiplies the learning rate by `factor` when a monitored quantity has not improved for `patience` epochs, and adds the rate to the logs as
 * `learning_rate`. It warns if the quantity is not in the logs. @throws ValueError for a `factor` of 1 or more.
 */
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
      factor: NUMBER,
      patience: NUMBER,
      minDelta: NUMBER,
      cooldown: NUMBER,
      minLr: NUMBER,
      verbose: VERBOSE,
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
