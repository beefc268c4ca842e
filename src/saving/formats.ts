/** The list of all formats: readers in the order in which they are asked, and writers. Each is loaded when it is first needed. */
import type { Checkpoint, CheckpointFormat, CheckpointWriter, FileSource } from "./checkpoint.ts";
import { isHdf5 } from "./hdf5/superblock.ts";
import { describeUnknown } from "./unknown-bytes.ts";
import { isZip, zipNames } from "./zip.ts";

/** A reader of ours is a line here: what tells it apart must be cheap; what reads it is imported when it is needed. */
export const formats: readonly CheckpointFormat[] = [
  {
    id: "keras",
    matches: ({ bytes }) => isZip(bytes) && zipNames(bytes).includes("model.weights.h5"),
    open: async (source) => (await import("./keras-archive.ts")).openKerasArchive(source),
  },
  {
    id: "h5",
    matches: ({ bytes }) => isHdf5(bytes),
    open: async (source) => (await import("./keras-hdf5.ts")).openKerasHdf5(source),
  },
];

export const writers: readonly CheckpointWriter[] = [];

/** The format of the bytes; undefined where none of ours is. */
export function formatOf(source: FileSource): CheckpointFormat | undefined {
  return formats.find((format) => format.matches(source));
}

/**
 * Reads a checkpoint of any format but for the values of its tensors.
 * @throws FormatError where the bytes are broken or of no known format; UnsupportedError for what is not read.
 */
export async function openCheckpoint(source: FileSource): Promise<Checkpoint> {
  const format = formatOf(source);
  if (format === undefined) throw describeUnknown(source.bytes);
  return format.open(source);
}
