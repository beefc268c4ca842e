/** Reads MobileNetV2 in ONNX, as tf2onnx, PyTorch and we write it, into a model of Keras's layers. */
import type { Checkpoint, FileSource, ModelEnd, Preprocessing } from "../checkpoint.ts";
import { formatError } from "../file-errors.ts";
import { type Json, arrayOf, member, numberOf, parseJson, stringOf } from "../bytes/json.ts";
import { type StoredTensor, byName } from "../stored-tensor.ts";
import { unlessUnsupported } from "../unread.ts";
import { padsAsTorchvision, readGraph } from "./graph.ts";
import { CLASS_NAMES_KEY, PREPROCESSING_KEY } from "./metadata.ts";
import { type GraphProto, type ValueInfo, readModelProto } from "./model-proto.ts";
import { type TensorProto, storedTensor } from "./tensor-proto.ts";

/** Reads everything but the values. @throws FormatError, UnsupportedError, LimitError. */
export async function open(source: FileSource): Promise<Checkpoint> {
  const proto = readModelProto(source.bytes);
  expectNamesOnce(proto.graph);
  const files = await externalFiles(proto.graph, source);
  const common = { format: "ONNX", origin: "onnx", classNames: classNamesOf(proto.metadata) } as const;
  const ownScaling = preprocessingOf(proto.metadata);
  return unlessUnsupported<Checkpoint>(
    () => {
      const stored = (tensor: TensorProto): StoredTensor => storedTensor(tensor, files);
      const tensors = byName(proto.graph.initializers.map(stored));
      const size = [source.bytes, ...files.values()].reduce((sum, { length }) => sum + length, 0);
      const { model, weights, preprocessing } = readGraph(proto, tensors, stored, { name: source.name, size });
      return {
        ...common,
        model,
        tensors: [...tensors.values()],
        weights,
        preprocessing:
          ownScaling ??
          preprocessing ??
          (proto.producer === "pytorch" && padsAsTorchvision(proto) ? TORCHVISION : undefined),
      };
    },
    (reason) => {
      const tensors = proto.graph.initializers.map((tensor) => described(tensor, files));
      const constants = new Set(tensors.map(({ name }) => name));
      const inputs = proto.graph.inputs.filter(({ name }) => !constants.has(name));
      const unread = { reason, inputs: inputs.map(endOf), outputs: proto.graph.outputs.map(endOf) };
      return { ...common, model: undefined, unread, tensors, weights: byName(tensors), preprocessing: ownScaling };
    },
  );
}

function expectNamesOnce({ initializers }: GraphProto): void {
  const names = new Set<string>();
  for (const { name } of initializers) {
    if (names.has(name)) throw formatError(`The ONNX file has two initializers with the name '${name}'.`);
    names.add(name);
  }
}

function endOf({ name, shape }: ValueInfo): ModelEnd {
  return { name, shape };
}

/** A tensor of a file that is only described. */
function described(tensor: TensorProto, files: ReadonlyMap<string, Uint8Array>): StoredTensor {
  const { name, shape, dtype } = tensor;
  return { name, shape, dtype, read: () => storedTensor(tensor, files).read() };
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
