/** What writes vectors to a file, whatever the format. */
import type { FileHandle } from "node:fs/promises";
import type { Preprocessing } from "../../saving/checkpoint.ts";
import type { ExtractorFacts } from "../../tasks/extractor.ts";

/** The facts that make vectors comparable. Who says how pixels are scaled is not one of them. */
export interface Making extends Omit<ExtractorFacts, "pixels"> {
  readonly pixels: Preprocessing;
}

export function makingOf(facts: ExtractorFacts): Making {
  const { scale, offset } = facts.pixels;
  return { ...facts, pixels: { scale, offset } };
}

/** What a file of vectors holds, and how it was made. */
export interface FeatureContent {
  readonly facts: Making;
  /** How many numbers a vector has. */
  readonly length: number;
  /** Every name that may be written: no others come, and perhaps not all. */
  readonly names: readonly string[];
}

export interface FeatureWriter {
  /** Writes the next vectors, one after the other, and the names of their pictures. */
  write(names: readonly string[], vectors: Float32Array): Promise<void>;
  /** Writes what is known only now, down to the disk. */
  finish(): Promise<void>;
  /** Closes the file, finished or not. */
  close(): Promise<void>;
}

/** Writes all of the bytes: `write` may stop short. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
