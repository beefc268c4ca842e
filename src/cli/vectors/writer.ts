/** What writes vectors to a file, whatever the format. */
import type { FileHandle } from "node:fs/promises";
import type { ExtractorFacts } from "../../tasks/extractor.ts";

/** What goes into a file, and what it is of. */
export interface FeatureContent {
  readonly facts: ExtractorFacts;
  /** The numbers in a vector. */
  readonly length: number;
  /** Every name that may be written: an upper limit of them, and of their length. */
  readonly names: readonly string[];
}

export interface FeatureWriter {
  /** Vectors one after the other, and their names. */
  write(names: readonly string[], vectors: Float32Array): Promise<void>;
  /** Writes what is known only now, down to the disk. */
  finish(): Promise<void>;
  /** Closes the file, finished or not. */
  close(): Promise<void>;
}

/** All of the bytes: `write` may stop short. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
