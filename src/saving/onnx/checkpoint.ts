/** Reads MobileNetV2 in ONNX, as tf2onnx, PyTorch and we write it, into a model of Keras's layers. */
import type { Checkpoint, FileSource, Preprocessing } from "../checkpoint.ts";
import { formatError } from "../file-errors.ts";
import { type Json, arrayOf, member, numberOf, parseJson, stringOf } from "../bytes/json.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { padsAsTorchvision, readGraph } from "./graph.ts";
import { CLASS_NAMES_KEY, PREPROCESSING_KEY } from "./metadata.ts";
import { type GraphProto, readModelProto } from "./model-proto.ts";
import { type TensorProto, storedTensor } from "./tensor-proto.ts";

/** Reads everything but the values. @throws FormatError, UnsupportedError, LimitError. */
export async function open(source: FileSource): Promise<Checkpoint> {
  const proto = readModelProto(source.bytes);
  const files = await externalFiles(proto.graph, source);
  const stored = (tensor: TensorProto): StoredTensor => storedTensor(tensor, files);
  const tensors = new Map<string, StoredTensor>();
  for (const initializer of proto.graph.initializers) {
    if (tensors.has(initializer.name)) {
      throw formatError(`The ONNX file has two initializers with the name '${initializer.name}'.`);
    }
    tensors.set(initializer.name, stored(initializer));
  }
  const size = [source.bytes, ...files.values()].reduce((sum, { length }) => sum + length, 0);
  const { model, weights, preprocessing } = readGraph(proto, tensors, stored, { name: source.name, size });
  const classNames = classNamesOf(proto.metadata);
  return {
    format: "ONNX",
    origin: "onnx",
    model,
    tensors: [...tensors.values()],
    weights,
    classNames,
    preprocessing:
      preprocessingOf(proto.metadata) ??
      preprocessing ??
      (proto.producer === "pytorch" && padsAsTorchvision(proto) ? TORCHVISION : undefined),
  };
}

/** (pixel / 255 − mean) / deviation, as torchvision's weights were trained. */
const TORCHVISION: Preprocessing = {
  scale: [1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)],
  offset: [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
};

/** The most files that may hold values, besides the model's own. */
const MAX_FILES = 100;

async function externalFiles(graph: GraphProto, source: FileSource): Promise<ReadonlyMap<string, Uint8Array>> {
  const attributes = graph.nodes.flatMap((node) => [...node.attributes.values()]);
  const protos = [...graph.initializers, ...attributes.flatMap(({ tensor }) => (tensor === undefined ? [] : [tensor]))];
  const names = new Set(protos.flatMap(({ external }) => (external === undefined ? [] : [external.location])));
  if (names.size > MAX_FILES) throw formatError(`The ONNX file names ${names.size} files of weights.`);
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    const bytes = await source.sibling(name);
    if (bytes !== undefined) files.set(name, bytes);
  }
  return files;
}

/** What our own files say under a key of their metadata, as JSON. */
function metadataJson(metadata: ReadonlyMap<string, string>, key: string): Json | undefined {
  const text = metadata.get(key);
  return text === undefined ? undefined : parseJson(new TextEncoder().encode(text));
}

function classNamesOf(metadata: ReadonlyMap<string, string>): readonly string[] | undefined {
  const names = metadataJson(metadata, CLASS_NAMES_KEY);
  if (names === undefined) return undefined;
  return arrayOf(names, "The list of class names").map((name) => stringOf(name, "The name of a class"));
}

function preprocessingOf(metadata: ReadonlyMap<string, string>): Preprocessing | undefined {
  const given = metadataJson(metadata, PREPROCESSING_KEY);
  if (given === undefined) return undefined;
  const factor = (key: string): number | readonly number[] => {
    const value = member(given, key);
    const what = `The ${key} of the preprocessing`;
    return Array.isArray(value) ? arrayOf(value, what).map((item) => numberOf(item, what)) : numberOf(value, what);
  };
  return { scale: factor("scale"), offset: factor("offset") };
}
