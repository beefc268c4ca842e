/** What the folder of a format gives to the table of formats.ts: how its files are called, told apart, read and written. */
import type { Checkpoint, CheckpointWriter, FileSource } from "./checkpoint.ts";

/** What the main file of a checkpoint may be called, from the most telling to the least. Each list begins with what is preferred. */
export interface MainFileNames {
  /** Whole names: `model.json`. */
  readonly whole?: readonly RegExp[];
  /** Endings that no other files have: `.onnx`. */
  readonly own?: readonly RegExp[];
  /** Endings that files of other kinds have as well: `.bin`. */
  readonly shared?: readonly RegExp[];
}

export interface FormatReader {
  readonly id: string;
  /** True if the bytes are of this format. Looks at a bounded part of them and never throws. */
  readonly recognizes: (bytes: Uint8Array) => boolean;
  /** Imports the code that reads; `open` reads everything but the values. */
  readonly code: () => Promise<{ readonly open: (source: FileSource) => Checkpoint | Promise<Checkpoint> }>;
}

export interface Format {
  /** Tells which file of a folder is the checkpoint; what is in it says the format. */
  readonly mainFile: MainFileNames;
  /** Every file is recognized by one reader at most, so the order of the readers does not matter. */
  readonly readers: readonly FormatReader[];
  /** Left out if the format is only read. */
  readonly writers?: readonly CheckpointWriter[];
}
