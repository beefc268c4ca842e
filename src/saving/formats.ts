/** The list of all formats: readers in the order in which they are asked, and writers. Each is loaded when it is first needed. */
import type { Checkpoint, CheckpointFormat, CheckpointWriter, FileSource } from "./checkpoint.ts";
import { isHdf5 } from "./hdf5/superblock.ts";
import { LABELS, namedClasses } from "./labels/labels-beside.ts";
import { hasMainFile, topOf } from "./main-file.ts";
import { isOnnx } from "./onnx/sniff.ts";
import { RAW_PIXELS, scalesPixels } from "./pixels-inside.ts";
import { isSafetensors } from "./safetensors/sniff.ts";
import { isTorchFile } from "./torch/sniff.ts";
import { isNsfwjs, isTfjs } from "./tfjs/sniff.ts";
import { isTflite } from "./tflite/sniff.ts";
import { describeUnknown } from "./unknown-bytes.ts";
import { isZip, zipNames } from "./zip/zip.ts";

/** A reader of ours is a line here: what tells it apart must be cheap; what reads it is imported when it is needed. */
export const formats: readonly CheckpointFormat[] = [
  {
    id: "keras",
    matches: ({ bytes }) => isZip(bytes) && zipNames(bytes).includes("model.weights.h5"),
    open: async (source) => (await import("./keras/archive.ts")).openKerasArchive(source),
  },
  {
    id: "h5",
    matches: ({ bytes }) => isHdf5(bytes),
    open: async (source) => (await import("./keras/hdf5-checkpoint.ts")).openKerasHdf5(source),
  },
  {
    id: "tfjs",
    matches: ({ bytes }) => isTfjs(bytes),
    open: async (source) => (await import("./tfjs/checkpoint.ts")).openTfjs(source),
  },
  {
    id: "nsfwjs",
    matches: ({ bytes }) => isNsfwjs(bytes),
    open: async (source) => (await import("./nsfwjs/nsfwjs.ts")).openNsfwjs(source),
  },
  {
    id: "onnx",
    matches: ({ bytes }) => isOnnx(bytes),
    open: async (source) => (await import("./onnx/onnx.ts")).openOnnx(source),
  },
  {
    id: "safetensors",
    matches: ({ bytes }) => isSafetensors(bytes),
    open: async (source) => (await import("./safetensors/checkpoint.ts")).openSafetensors(source),
  },
  {
    id: "pth",
    matches: ({ bytes }) => isTorchFile(bytes),
    open: async (source) => (await import("./torch/pth-checkpoint.ts")).openTorchFile(source),
  },
  {
    id: "tflite",
    matches: ({ bytes }) => isTflite(bytes),
    open: async (source) => (await import("./tflite/tflite.ts")).openTflite(source),
  },
  {
    id: "zip",
    matches: ({ bytes }) => isZip(bytes) && hasMainFile(topOf(zipNames(bytes)).names),
    async open(source) {
      const { archivedFiles } = await import("./zip/archived-files.ts");
      const files = await archivedFiles(source);
      return namedClasses(await openCheckpoint(files), await files.sibling(LABELS));
    },
  },
];

export const writers: readonly CheckpointWriter[] = [
  {
    id: "keras",
    endings: [".keras"],
    holdsTraining: true,
    write: async (saved, name) => (await import("./keras/write.ts")).writeKerasArchive(saved, name),
  },
  {
    id: "weights.h5",
    endings: [".weights.h5"],
    write: async (saved, name) => (await import("./keras/write.ts")).writeKerasWeights(saved, name),
  },
  {
    id: "h5",
    endings: [".h5", ".hdf5"],
    holdsTraining: true,
    write: async (saved, name) => (await import("./keras/write.ts")).writeKerasH5(saved, name),
  },
  {
    id: "legacy-weights",
    endings: [],
    write: async (saved, name) => (await import("./keras/write.ts")).writeLegacyWeights(saved, name),
  },
  {
    id: "tfjs-layers",
    endings: [".json"],
    write: async (saved, name) => (await import("./tfjs/write.ts")).writeTfjs(saved, name),
  },
  {
    id: "teachable-machine",
    endings: [],
    write: async (saved, name) => (await import("./tfjs/write.ts")).writeTeachableMachine(saved, name),
  },
  {
    id: "safetensors",
    endings: [".safetensors"],
    write: async (saved, name) => (await import("./safetensors/write.ts")).writeOurSafetensors(saved, name),
  },
  {
    id: "torchvision",
    endings: [],
    write: async (saved, name) => (await import("./torch/write.ts")).writeAs("torchvision", saved, name),
  },
  {
    id: "timm",
    endings: [],
    write: async (saved, name) => (await import("./torch/write.ts")).writeAs("timm", saved, name),
  },
  {
    id: "huggingface",
    endings: [],
    write: async (saved, name) => (await import("./torch/write.ts")).writeAs("huggingface", saved, name),
  },
  {
    id: "onnx",
    endings: [".onnx"],
    write: async (saved, name) => [(await import("./onnx/write.ts")).onnxFile(saved, name)],
  },
];

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
  const checkpoint = await format.open(source);
  const scales =
    checkpoint.preprocessing === undefined && checkpoint.model !== undefined && scalesPixels(checkpoint.model);
  return scales ? { ...checkpoint, preprocessing: RAW_PIXELS } : checkpoint;
}
