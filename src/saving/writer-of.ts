/** Finds the writer that the name of a file, or that of a format, means. */
import { show, valueError } from "../core/errors.ts";
import type { CheckpointWriter } from "./checkpoint.ts";
import { writers } from "./formats.ts";

/** The writer of the named format; without one, of the format that the ending of the path means. @throws ValueError if there is none. */
export function writerOf(path: string, format: string | undefined): CheckpointWriter {
  return format === undefined ? writerFor(path) : writerNamed(format);
}

/** The writer of the format of that name. @throws ValueError if there is none. */
export function writerNamed(format: string): CheckpointWriter {
  const writer = writers.find(({ id }) => id === format);
  if (writer !== undefined) return writer;
  throw valueError(`Unknown format: ${show(format)}. Written are: ${writers.map(({ id }) => id).join(", ")}.`);
}

function writerFor(path: string): CheckpointWriter {
  const matching = writers
    .flatMap((writer) => writer.endings.map((ending) => ({ writer, ending })))
    .filter(({ ending }) => path.toLowerCase().endsWith(ending))
    .toSorted((a, b) => b.ending.length - a.ending.length);
  const [longest] = matching;
  if (longest !== undefined) return longest.writer;
  const endings = writers.flatMap((writer) => writer.endings);
  throw valueError(
    "Invalid filepath extension for saving. Please add either a `.keras` extension for the native Keras format " +
      `(recommended) or another of ${endings.map((ending) => `\`${ending}\``).join(", ")}, or name a format. Received: filepath=${path}`,
  );
}
