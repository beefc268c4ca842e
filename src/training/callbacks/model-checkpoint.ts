/** A callback that saves the model during training (keras.callbacks.ModelCheckpoint). */
import { print, warn } from "#platform";
import { show, valueError } from "../../core/errors.ts";
import { FLAG, NUMBER, PLACE, TEXT, VERBOSE, check, orNull } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { type StateRecord, numberIn, numberOrNullIn } from "../loop/state.ts";
import type { Logs } from "./callback.ts";
import { MonitorCallback, type MonitorOptions, logged } from "./monitor.ts";

/** The options of `ModelCheckpoint`. */
export interface ModelCheckpointOptions extends Omit<MonitorOptions, "minDelta"> {
  /** Whether to save only when the monitored quantity is the best so far. Default: false. */
  readonly saveBestOnly?: boolean | undefined;
  /** Whether to save only the weights, to a file `.weights.h5`. Default: false, the whole model is saved. */
  readonly saveWeightsOnly?: boolean | undefined;
  /** When to save: after every epoch (`epoch`), or each time this number of batches has been trained on. Default: `epoch`. */
  readonly saveFreq?: "epoch" | number | undefined;
  /** The value that the monitored quantity must beat before the first save, with `saveBestOnly`. Default: none. */
  readonly initialValueThreshold?: number | null | undefined;
  /** 0: silent, 1: prints a line when the callback acts. Default: 0. */
  readonly verbose?: number | undefined;
}

/**
 * Saves the model, or its weights, after every epoch or every few batches. The path may have fields in Python's format, such as
 * `models/{epoch:02d}-{val_loss:.2f}.keras`: any logged value, `epoch` and, if `saveFreq` is a number, `batch`, both counted from 1.
 */
export class ModelCheckpoint extends MonitorCallback {
  readonly filepath: string;
  readonly saveBestOnly: boolean;
  readonly saveWeightsOnly: boolean;
  readonly saveFreq: "epoch" | number;
  readonly verbose: number;
  #batches = 0;
  #epoch = 0;

  /**
   * `filepath` ends in `.keras` or `.h5`, or in `.weights.h5` if only weights are saved; its folder is made if it does not exist.
   * @throws ValueError for any other ending, and for an invalid `mode` or `saveFreq`.
   */
  constructor(filepath: string | URL, options: ModelCheckpointOptions = {}) {
    checkOptions("ModelCheckpoint", options, {
      monitor: TEXT,
      mode: true,
      saveBestOnly: FLAG,
      saveWeightsOnly: FLAG,
      saveFreq: true,
      initialValueThreshold: orNull(NUMBER),
      verbose: VERBOSE,
    });
    super(options);
    check("ModelCheckpoint", "filepath", filepath, PLACE);
    this.filepath = String(filepath);
    this.saveBestOnly = options.saveBestOnly ?? false;
    this.saveWeightsOnly = options.saveWeightsOnly ?? false;
    this.saveFreq = checkedFrequency(options.saveFreq);
    this.verbose = options.verbose ?? 0;
    this.best = options.initialValueThreshold ?? null;
    if (this.saveWeightsOnly && !this.filepath.endsWith(".weights.h5")) {
      throw valueError(
        "When using `saveWeightsOnly: true` in `ModelCheckpoint`, the filepath provided must end in `.weights.h5` " +
          `(Keras weights format). Received: filepath=${show(this.filepath)}`,
      );
    }
    if (!this.saveWeightsOnly && !/\.(?:keras|h5)$/.test(this.filepath)) {
      throw valueError(
        `The filepath provided must end in \`.keras\` (Keras model format). Received: filepath=${show(this.filepath)}`,
      );
    }
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override async onTrainBatchEnd(batch: number, logs: Logs): Promise<void> {
    if (this.saveFreq === "epoch" || ++this.#batches < this.saveFreq) return;
    this.#batches = 0;
    await this.#save(this.#epoch, logs, { epoch: this.#epoch + 1, batch: batch + 1, ...logs });
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.saveFreq === "epoch") await this.#save(epoch, logs, { epoch: epoch + 1, ...logs });
  }

  async #save(epoch: number, logs: Logs, fields: Logs): Promise<void> {
    const path = formatPath(this.filepath, fields);
    const say = (text: string): void => {
      if (this.verbose > 0) print(`\nEpoch ${epoch + 1}: ${text}\n`);
    };
    if (this.saveBestOnly) {
      const current = logged(logs, this.monitor);
      if (current === undefined) {
        warn(`Can save best model only with ${this.monitor} available.`);
      } else {
        const before = this.best === null ? "None" : this.best.toFixed(5);
        if (!this.isImprovement(current, this.best)) {
          say(`${this.monitor} did not improve from ${before}`);
          return;
        }
        say(`${this.monitor} improved from ${before} to ${current.toFixed(5)}, saving model to ${path}`);
        this.best = current;
      }
    } else {
      say(`saving model to ${path}`);
    }
    await (this.saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path));
    say(`finished saving model to ${path}`);
  }

  override getState(): StateRecord {
    return { best: this.best, batches: this.#batches };
  }

  override setState(state: StateRecord): void {
    this.best = numberOrNullIn(state, "best");
    this.#batches = numberIn(state, "batches");
  }
}

/** A valid `saveFreq`: `epoch`, or a positive whole number of batches. @throws ValueError for anything else. */
export function checkedFrequency(saveFreq: "epoch" | number = "epoch"): "epoch" | number {
  if (saveFreq === "epoch" || (Number.isInteger(saveFreq) && saveFreq > 0)) return saveFreq;
  throw valueError(`Unrecognized saveFreq: ${show(saveFreq)}. Expected saveFreq are 'epoch' or integer values`);
}

/** Fills in fields as Python's `str.format` does: `{name}`, `{name:03d}`, `{name:.2f}`, `{name:.1e}`. @throws ValueError for an unknown name. */
export function formatPath(pattern: string, fields: Logs): string {
  return pattern.replaceAll(/\{(\w+)(?::(0?)(\d*)(?:\.(\d+))?([dfe%]?))?\}/g, (_, name, zero, width, digits, type) => {
    const value = logged(fields, String(name));
    if (value === undefined) {
      throw valueError(`Failed to format this callback filepath: "${pattern}". Reason: '${name}'`);
    }
    const text = formatNumber(value, String(type ?? ""), digits === undefined ? undefined : Number(digits));
    return text.padStart(Number(width ?? 0), zero === "0" ? "0" : " ");
  });
}

function formatNumber(value: number, type: string, digits: number | undefined): string {
  if (type === "f") return value.toFixed(digits ?? 6);
  if (type === "%") return `${(value * 100).toFixed(digits ?? 6)}%`;
  if (type === "e") return value.toExponential(digits ?? 6).replace(/e([+-])(\d)$/, "e$10$2");
  return digits === undefined ? String(value) : String(Number(value.toPrecision(digits)));
}
