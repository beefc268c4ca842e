/** safetensors as checkpoints: ours, which carry Keras's config of the model, and the state dicts of PyTorch's packages. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { preprocessingOf, textsOf } from "../extras.ts";
import { unsupportedError } from "../file-errors.ts";
import { parseJson } from "../bytes/json.ts";
import { readKerasModel } from "../keras/config.ts";
import { type SafetensorsFile, readSafetensors } from "./safetensors.ts";

const FORMAT = "safetensors";

/** The keys of the metadata in our own files. */
export const OUR_METADATA = {
  /** Keras's config of the model, as `model.to_json()` has it. */
  model: "keras_model",
  classNames: "class_names",
  preprocessing: "preprocessing",
} as const;

/** The key of the metadata that only quantized models have. */
export const QUANTIZED = "mobilenet_v2_int8";

/** @throws FormatError, UnsupportedError, LimitError. */
export async function open(source: FileSource): Promise<Checkpoint> {
  const file = readSafetensors(source.bytes);
  const config = file.metadata.get(OUR_METADATA.model);
  if (config !== undefined) return ours(file, config);
  const { isNamedByTorch, openStateDict } = await import("../torch/state-dict.ts");
  if (isNamedByTorch(file.tensors.keys())) return openStateDict(source, { format: FORMAT, ...file });
  const [first] = file.tensors.keys();
  throw unsupportedError(
    first === undefined
      ? "The safetensors file has no tensors."
      : `The safetensors file begins with '${first.slice(0, 200)}': it is not ours, and not named as the MobileNetV2 of torchvision, timm or Hugging Face.`,
  );
}

function ours({ tensors, metadata }: SafetensorsFile, config: string): Checkpoint {
  const quantized = metadata.has(QUANTIZED);
  const classNames = metadata.get(OUR_METADATA.classNames);
  const preprocessing = metadata.get(OUR_METADATA.preprocessing);
  return {
    format: quantized ? `${FORMAT}, quantized` : FORMAT,
    origin: "mobilenet-v2",
    model: readKerasModel(parseJson(encode(config))),
    tensors: [...tensors.values()],
    weights: tensors,
    classNames: classNames === undefined ? undefined : textsOf(parseJson(encode(classNames)), "The class names"),
    preprocessing: preprocessing === undefined ? undefined : preprocessingOf(parseJson(encode(preprocessing))),
    ...(quantized && { quantized }),
  };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
