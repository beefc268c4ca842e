/** A callback that writes the logs of each epoch into a CSV file (keras.callbacks.CSVLogger). */
import { FLAG, PLACE, TEXT, check } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { writeBytes } from "#platform";
import { bytesIfThere } from "../loop/bytes-if-there.ts";
import { type StateRecord, textIn } from "../loop/state.ts";
import { Callback, type Logs } from "./callback.ts";

/** The options of `CSVLogger`. */
export interface CSVLoggerOptions {
  /** The text between two columns. Default: a comma. */
  readonly separator?: string | undefined;
  /** Whether to append to the file if it exists. Default: false, it is overwritten. */
  readonly append?: boolean | undefined;
}

/** Writes one line for each epoch, with a header of the logs' names before the first. The file is complete after each epoch. */
export class CSVLogger extends Callback {
  readonly filename: string | URL;
  readonly separator: string;
  readonly append: boolean;
  #text = "";
  #keys: readonly string[] | undefined;

  /** `filename` is the path of the CSV file. */
  constructor(filename: string | URL, options: CSVLoggerOptions = {}) {
    checkOptions("CSVLogger", options, { separator: TEXT, append: FLAG });
    super();
    check("CSVLogger", "filename", filename, PLACE);
    const { separator = ",", append = false } = options;
    this.filename = filename;
    this.separator = separator;
    this.append = append;
  }

  override async onTrainBegin(): Promise<void> {
    this.#keys = undefined;
    this.#text = this.append ? new TextDecoder().decode(await bytesIfThere(this.filename)) : "";
    await this.#write();
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.#keys === undefined) {
      const keys = Object.keys(logs).toSorted();
      // With a validation frequency above 1, the first epoch has no validation, but later ones do.
      const validated = keys.some((key) => key.startsWith("val_"));
      this.#keys = validated ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
      if (this.#text === "") this.#add(["epoch", ...this.#keys]);
    }
    this.#add([String(epoch), ...this.#keys.map((key) => String(logs[key] ?? "NA"))]);
    await this.#write();
  }

  #add(cells: readonly string[]): void {
    const quoted = cells.map((cell) =>
      cell.includes(this.separator) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
    );
    this.#text += `${quoted.join(this.separator)}\r\n`;
  }

  #write(): Promise<void> {
    return writeBytes(this.filename, new TextEncoder().encode(this.#text));
  }

  override getState(): StateRecord {
    return { text: this.#text, keys: JSON.stringify(this.#keys ?? null) };
  }

  /** Restores the text of the file as of the backup, so that no epoch that is trained again has two lines. */
  override setState(state: StateRecord): void {
    this.#text = textIn(state, "text");
    const keys: unknown = JSON.parse(textIn(state, "keys"));
    this.#keys = Array.isArray(keys) ? keys.map(String) : undefined;
  }
}
