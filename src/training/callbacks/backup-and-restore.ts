/** A callback that backs up a training, to resume it after an interruption (keras.callbacks.BackupAndRestore). */
import { removeFile, writeFiles } from "#platform";
import { valueError } from "../../core/errors.ts";
import { FLAG, FUNCTION, type Kind, PLACE, check } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { encodeState, stateFrom } from "../loop/state.ts";
import { bytesIfThere } from "../loop/bytes-if-there.ts";
import { Callback } from "./callback.ts";
import { checkedFrequency } from "./model-checkpoint.ts";

/** A place for one backup, to give in place of a folder, for instance in browsers, which have none. */
export interface BackupStore {
  /** The last complete backup, or undefined if there is none. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the backup. It must do so completely or, if it fails, not at all. */
  write(bytes: Uint8Array): Promise<void>;
  /** Removes the backup. */
  remove(): Promise<void>;
}

const STORE: Kind = [
  "the path of a folder, or an object with read(), write() and remove()",
  (value) =>
    PLACE[1](value) ||
    (value instanceof Object && ["read", "write", "remove"].every((name) => FUNCTION[1](Reflect.get(value, name)))),
];

/** The options of `BackupAndRestore`. */
export interface BackupAndRestoreOptions {
  /** When to back up: after every epoch (`epoch`), or each time this number of batches has been trained on. Default: `epoch`. */
  readonly saveFreq?: "epoch" | number | undefined;
  /** Whether to remove the backup when the training ends without an interruption. Default: true. */
  readonly deleteCheckpoint?: boolean | undefined;
}

/**
 * Backs up a training and, when `fit` is called again with the same arguments after an interruption, resumes it from the backup. A backup holds the
 * weights, the optimizer's variables, the epoch and batch, the seed, the history and the state of all callbacks, so that the resumed training
 * ends with the same weights, to the bit. Callbacks may be others than before: those of the same class go on where they were, in their order;
 * the rest begin anew. An interruption while a backup is written leaves the backup before it. One that was changed since is refused, with a
 * FormatError.
 */
export class BackupAndRestore extends Callback {
  readonly saveFreq: "epoch" | number;
  readonly deleteCheckpoint: boolean;
  readonly #store: BackupStore;
  /** What errors call the backup. */
  readonly #place: string;
  #batches = 0;

  /**
   * `backupDir` is a folder, made if it does not exist, in which the backup is the file `latest.state`; or a store of your own.
   * @throws ValueError if `backupDir` is empty or `saveFreq` is invalid.
   */
  constructor(backupDir: string | URL | BackupStore, options: BackupAndRestoreOptions = {}) {
    checkOptions("BackupAndRestore", options, { saveFreq: true, deleteCheckpoint: FLAG });
    super();
    check("BackupAndRestore", "backupDir", backupDir, STORE);
    if (backupDir === "") throw valueError("Empty `backupDir` argument passed");
    const isFolder = typeof backupDir === "string" || backupDir instanceof URL;
    this.#store = isFolder ? folderStore(backupDir) : backupDir;
    this.#place = isFolder ? pathIn(backupDir) : "The backup";
    this.saveFreq = checkedFrequency(options.saveFreq);
    this.deleteCheckpoint = options.deleteCheckpoint ?? true;
  }

  // The training calls this callback after all others, so that the backup includes what they did after the step.

  override async onTrainBegin(): Promise<void> {
    const bytes = await this.#store.read();
    if (bytes !== undefined) this.params.session?.setState(stateFrom(bytes, this.#place));
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

function pathIn(folder: string | URL): string {
  return `${String(folder).replace(/\/+$/, "")}/latest.state`;
}

function folderStore(folder: string | URL): BackupStore {
  const path = pathIn(folder);
  return {
    read: () => bytesIfThere(path),
    async write(bytes) {
      await writeFiles([{ path, bytes }]);
    },
    async remove() {
      await removeFile(path);
    },
  };
}
