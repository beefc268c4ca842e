/** Writes what is logged into a table (keras.callbacks.CSVLogger). */
import { checkOptions } from "../../core/options.ts";
import { writeBytes } from "#platform";
import { bytesIfThere } from "../loop/bytes-if-there.ts";
import { type StateRecord, textIn } from "../loop/state.ts";
import { Callback, type Logs } from "./callback.ts";

export interface CSVLoggerOptions {
  /** Default: a comma. */
  readonly separator?: string | undefined;
  /** Whether to go on at the end of the file, where there is one. Default: false. */
  readonly append?: boolean | undefined;
}

/** A line an epoch; the file is whole after each. */
export class CSVLogger extends Callback {
  readonly filename: string | URL;
  readonly separator: string;
  readonly append: boolean;
  #text = "";
  #keys: readonly string[] | undefined;

  constructor(filename: string | URL, options: CSVLoggerOptions = {}) {
    checkOptions("CSVLogger", options, { separator: true, append: true });
    super();
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
      // The first epoch may be without a validation.
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

  /** Lines of a part that is done again are left out. */
  override setState(state: StateRecord): void {
    this.#text = textIn(state, "text");
    const keys: unknown = JSON.parse(textIn(state, "keys"));
    this.#keys = Array.isArray(keys) ? keys.map(String) : undefined;
  }
}
