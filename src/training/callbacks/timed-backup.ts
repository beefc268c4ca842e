/** A backup that costs little: as often as the time that it takes allows. */
import { checkOptions } from "../../core/options.ts";
import { BackupAndRestore, type BackupStore } from "./backup-and-restore.ts";

export interface TimedBackupOptions {
  /** The state is kept after the step that ends so many milliseconds after it was last. Default: 5000. */
  readonly interval?: number | undefined;
  /** Once it is aborted, the state is kept after the step that is being made. */
  readonly signal?: AbortSignal | undefined;
}

/** At most one part in so many of the time goes into backups. */
const SHARE = 20;

/**
 * `BackupAndRestore` by time: epochs of a second do not each write what has hardly changed, and of epochs of an hour no hour is lost. The
 * state stays when the training ends.
 */
export class TimedBackup extends BackupAndRestore {
  readonly #interval: number;
  readonly #signal: AbortSignal | undefined;
  #next: number;

  constructor(backup: string | URL | BackupStore, options: TimedBackupOptions = {}) {
    checkOptions("TimedBackup", options, { interval: true, signal: true });
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
