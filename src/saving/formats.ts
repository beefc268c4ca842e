/** The table of all formats. To add one, write its folder with a `format.ts` in it and add a line to the table. */
import { frozen } from "../core/frozen.ts";
import type { Checkpoint, CheckpointFormat, CheckpointWriter, FileSource } from "./checkpoint.ts";
import type { Format, MainFileNames } from "./format.ts";
import { keras } from "./keras/format.ts";
import { LABELS, namedClasses } from "./labels/labels-beside.ts";
import { hasMainName, mainNameOf, mainNamesOf } from "./main-name.ts";
import { nsfwjs } from "./nsfwjs/format.ts";
import { onnx } from "./onnx/format.ts";
import { checkScaling } from "./plausible.ts";
import { RAW_PIXELS, scalingInside } from "./pixels-inside.ts";
import { safetensors } from "./safetensors/format.ts";
import { tfjs } from "./tfjs/format.ts";
import { tensorflow } from "./tensorflow/format.ts";
import { tflite } from "./tflite/format.ts";
import { torch } from "./torch/format.ts";
import { isZip, topOf, zipNames } from "./zip/zip.ts";

const table: readonly Format[] = [keras, tfjs, nsfwjs, safetensors, torch, onnx, tflite, tensorflow];

const readers = table.flatMap((format) => format.readers);

function isRecognized(bytes: Uint8Array): boolean {
  return readers.some(({ recognizes }) => recognizes(bytes));
}

const ARCHIVE: MainFileNames = { shared: [/\.zip$/] };

/** What the main file of a folder may be called, the most telling names first. */
const mainNames = mainNamesOf([...table.map(({ mainFile }) => mainFile), ARCHIVE]);

/** The name of the checkpoint among those of a folder. @throws FormatError if there is none, or if two tell equally much. */
export function mainNameIn(names: readonly string[]): string {
  return mainNameOf(names, mainNames);
}

/** A zip archive of the files of a checkpoint, such as Teachable Machine gives out: read as the folder that it was. */
const archive: CheckpointFormat = {
  id: "zip",
  matches: ({ bytes }) => isZip(bytes) && hasMainName(topOf(zipNames(bytes)).names, mainNames) && !isRecognized(bytes),
  async open(source) {
    const { archivedFiles } = await import("./zip/archived-files.ts");
    const files = await archivedFiles(source, mainNameIn, isRecognized);
    return namedClasses(await openCheckpoint(files), await files.sibling(LABELS));
  },
};

/**
 * The readers. Telling a format apart is cheap; the code that reads it is imported when it is first needed.
 * Every file matches one of them at most.
 */
export const formats: readonly CheckpointFormat[] = frozen([
  ...readers.map(({ id, recognizes, code }): CheckpointFormat => ({
    id,
    matches: ({ bytes }) => recognizes(bytes),
    open: async (source) => (await code()).open(source),
  })),
  archive,
]);

/** The writers. The code that writes is imported when it is first needed. */
export const writers: readonly CheckpointWriter[] = frozen(table.flatMap((format) => format.writers ?? []));

/**
 * Reads a checkpoint of any format, but for the values of its tensors.
 * @throws FormatError if the bytes are broken or of no known format; UnsupportedError for what is not read.
 */
export async function openCheckpoint(source: FileSource): Promise<Checkpoint> {
  const format = formats.find(({ matches }) => matches(source));
  if (format === undefined) {
    const { describeUnknown } = await import("./unknown-bytes.ts");
    throw describeUnknown(source.bytes, source.name);
  }
  const checkpoint = await format.open(source);
  if (checkpoint.preprocessing !== undefined) checkScaling(checkpoint.preprocessing);
  const scales =
    checkpoint.preprocessing === undefined &&
    checkpoint.model !== undefined &&
    scalingInside(checkpoint.model) !== undefined;
  return scales ? { ...checkpoint, preprocessing: RAW_PIXELS } : checkpoint;
}
