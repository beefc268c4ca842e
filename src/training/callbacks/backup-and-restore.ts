/** Keeps the whole state of a training, so that it goes on after an interruption as if there had been none (keras.callbacks.BackupAndRestore). */
import { makeFolder, removeFile, writeBytes } from "#platform";
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { decodeState, encodeState } from "../loop/state.ts";
import { bytesIfThere } from "../loop/bytes-if-there.ts";
import { Callback } from "./callback.ts";
import { checkedFrequency } from "./model-checkpoint.ts";

/** Where a state is kept: what to give in place of a folder where there is none, as in browsers. */
export interface BackupStore {
  /** The last whole state; undefined where there is none. */
  read(): Promise<Uint8Array | undefined>;
  /** Keeps a state in place of the one before, wholly or not at all. */
  write(bytes: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

export interface BackupAndRestoreOptions {
  /** After every epoch, or after so many batches. Default: `epoch`. */
  readonly saveFreq?: "epoch" | number | undefined;
  /** Whether to take the state away at the end of a training that was not interrupted. Default: true. */
  readonly deleteCheckpoint?: boolean | undefined;
}

/**
 * Weights, the optimizer's variables, epoch and batch, the seed, the history, what other callbacks count: a run that was killed and
 * is started again with the same arguments ends with the same weights, to the bit. Each state is written beside and renamed.
 */
export class BackupAndRestore extends Callback {
  readonly saveFreq: "epoch" | number;
  readonly deleteCheckpoint: boolean;
  readonly #store: BackupStore;
  #batches = 0;

  constructor(backupDir: string | URL | BackupStore, options: BackupAndRestoreOptions = {}) {
    checkOptions("BackupAndRestore", options, { saveFreq: true, deleteCheckpoint: true });
    super();
    if (backupDir === "") throw valueError("Empty `backupDir` argument passed");
    this.#store = typeof backupDir === "string" || backupDir instanceof URL ? folderStore(backupDir) : backupDir;
    this.saveFreq = checkedFrequency(options.saveFreq);
    this.deleteCheckpoint = options.deleteCheckpoint ?? true;
  }

  // The training calls this callback after all others: what it keeps is what they have made of the step.

  override async onTrainBegin(): Promise<void> {
    const bytes = await this.#store.read();
    if (bytes !== undefined) this.params.session?.setState(decodeState(bytes));
  }

  override async onTrainBatchEnd(): Promise<void> {
    if (this.saveFreq === "epoch" || ++this.#batches < this.saveFreq) return;
    this.#batches = 0;
    await this.#save();
  }

  override async onEpochEnd(): Promise<void> {
    if (this.saveFreq === "epoch") await this.#save();
  }

  override async onTrainEnd(): Promise<void> {
    if (this.deleteCheckpoint) await this.#store.remove();
  }

  async #save(): Promise<void> {
    const { session } = this.params;
    if (session !== undefined) await this.#store.write(encodeState(session.getState()));
  }
}

function folderStore(folder: string | URL): BackupStore {
  const base = String(folder).replace(/\/+$/, "");
  const path = `${base}/latest.state`;
  return {
    read: () => bytesIfThere(path),
    async write(bytes) {
      await makeFolder(base);
      await writeBytes(path, bytes);
    },
    async remove() {
      await removeFile(path);
    },
  };
}
