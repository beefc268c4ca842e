/** The base class of callbacks that monitor one logged value (keras.callbacks.MonitorCallback). */
import { show, valueError } from "../../core/errors.ts";
import { NUMBER, TEXT } from "../../core/kinds.ts";
import type { Names } from "../../core/options.ts";
import { toSnakeCase } from "../../layers/naming.ts";
import { Callback, type Logs } from "./callback.ts";

/** The options of callbacks that monitor a logged value. */
export interface MonitorOptions {
  /** The name of the logged value to monitor, in snake or camel case: `val_loss` and `valLoss` are the same. Default: `val_loss`. */
  readonly monitor?: string | undefined;
  /**
   * Whether a lower (`min`) or a higher (`max`) value is better. `auto` infers it for the loss and for metrics that have a direction; for
   * others, `fit` throws a ValueError. Default: `auto`.
   */
  readonly mode?: "auto" | "min" | "max" | undefined;
  /** The smallest change that counts as an improvement: it has to be larger than this. Default: 0. */
  readonly minDelta?: number | undefined;
}

/** The names of these options. */
export const MONITOR_OPTIONS: Names<MonitorOptions> = { monitor: TEXT, mode: true, minDelta: NUMBER };

/** A callback that acts on the improvement of one logged value. @throws ValueError for an unknown `mode`. */
export abstract class MonitorCallback extends Callback {
  readonly monitor: string;
  readonly mode: "auto" | "min" | "max";
  readonly minDelta: number;
  /** The best value so far, or null before the first. */
  protected best: number | null = null;
  #sign: 1 | -1 | undefined;

  constructor({ monitor = "val_loss", mode = "auto", minDelta = 0 }: MonitorOptions) {
    super();
    if (!["auto", "min", "max"].includes(mode)) {
      throw valueError(`\`mode\` should be "auto", "min" or "max". Received: mode=${show(mode)}`);
    }
    this.monitor = monitor;
    this.mode = mode;
    this.minDelta = Math.abs(minDelta);
  }

  /** Whether a value is better than the reference by more than `minDelta`; always true if there is no reference. */
  protected isImprovement(value: number, reference: number | null): boolean {
    this.#sign ??= this.#direction();
    return reference === null || (value - reference) * this.#sign > this.minDelta;
  }

  #direction(): 1 | -1 {
    if (this.mode !== "auto") return this.mode === "max" ? 1 : -1;
    const name = logName(this.monitor).replace(/^val_/, "");
    if (name === "loss") return -1;
    const direction = this.model.metrics.find((metric) => metric.name === name)?.direction;
    if (direction !== undefined) return direction === "up" ? 1 : -1;
    throw valueError(
      `${this.constructor.name} callback received monitor=${this.monitor}, but it cannot be determined automatically whether that metric ` +
        "should be maximized or minimized. Pass `mode: 'max'` in order to monitor based on the highest metric value, or pass " +
        "`mode: 'min'` in order to use the lowest value.",
    );
  }
}

/** The logged value of a name in Keras's snake case or in camel case. */
export function logged(logs: Logs, name: string): number | undefined {
  return logs[name] ?? logs[logName(name)];
}

function logName(name: string): string {
  return /^[a-z]+(?:[A-Z]|$)/.test(name) ? toSnakeCase(name) : name;
}
