/** A callback that backs up a training at intervals of time, as often as the cost of a backup allows. */
import { LIMIT, SIGNAL } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { BackupAndRestore, type BackupStore } from "./backup-and-restore.ts";

/** The options of `TimedBackup`. */
export interface TimedBackupOptions {
  /** The least time between two backups, in milliseconds; a backup is made after the first step after it. Default: 5000. */
  readonly interval?: number | undefined;
  /** A signal that, once aborted, has a backup made after the current step. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** Backups take at most about one part in this number of the time. */
const SHARE = 20;

/**
 * A `BackupAndRestore` that backs up by time: epochs of a second do not each write a backup, and an interruption of epochs of an hour does not
 * lose an hour. Backups take at most about 5% of the time, unless `interval` is 0. The backup is kept when the training ends.
 */
export class TimedBackup extends BackupAndRestore {
  readonly #interval: number;
  readonly #signal: AbortSignal | undefined;
  #next: number;

  /** `backup` is a folder, made if it does not exist, or a store of your own. */
  constructor(backup: string | URL | BackupStore, options: TimedBackupOptions = {}) {
    checkOptions("TimedBackup", options, { interval: LIMIT, signal: SIGNAL });
    const { interval = 5000, signal } = options;
    super(backup, { deleteCheckpoint: false });
    this.#interval = interval;
    this.#signal = signal;
    this.#next = performance.now() + interval;
  }

  override async onTrainBatchEnd(): Promise<void> {
    await this.#saveIfDue();
  }

  override async onEpochEnd(): Promise<void> {
    await this.#saveIfDue();
  }

  async #saveIfDue(): Promise<void> {
    const started = performance.now();
    if (started < this.#next && this.#signal?.aborted !== true) return;
    await super.onEpochEnd();
    const ended = performance.now();
    this.#next = ended + Math.max(this.#interval, this.#interval > 0 ? (ended - started) * SHARE : 0);
  }
}
