/** Reads MobileNetV2 in ONNX, as tf2onnx, PyTorch and we write it, into a model of Keras's layers. */
import { type Dims, type Shape, formatShape } from "../../core/shape.ts";
import type { Checkpoint, FileSource, Preprocessing } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { GraphBuilder } from "../graphs/graph-builder.ts";
import { plainModelName, withoutEnding } from "../graphs/layer-names.ts";
import type { Value } from "../graphs/value.ts";
import { type Json, arrayOf, member, numberOf, parseJson, stringOf } from "../bytes/json.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { CHANNELS_FIRST, type Item, Operation, type OperationContext, type ValueItem, valueItem } from "./operation.ts";
import { OPERATORS, OPERATOR_NAMES } from "./layer-operators.ts";
import { CLASS_NAMES_KEY, PREPROCESSING_KEY, PRODUCER } from "./metadata.ts";
import { type GraphProto, type ModelProto, type NodeProto, type ValueInfo, readModelProto } from "./model-proto.ts";
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
  const { model, weights, isPadded } = readGraph(proto, tensors, stored, { name: source.name, size });
  const classNames = classNamesOf(proto.metadata);
  return {
    format: "ONNX",
    origin: "onnx",
    model,
    tensors: [...tensors.values()],
    weights,
    classNames,
    preprocessing:
      preprocessingOf(proto.metadata) ?? (proto.producer === "pytorch" && isPadded ? TORCHVISION : undefined),
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

interface ReadGraph {
  readonly model: NonNullable<Checkpoint["model"]>;
  readonly weights: Checkpoint["weights"];
  /** Whether strided convolutions pad themselves, alike on all sides, as in torchvision's models and not in those that came from TensorFlow. */
  readonly isPadded: boolean;
}

function readGraph(
  { graph, opset, producer }: ModelProto,
  tensors: ReadonlyMap<string, StoredTensor>,
  stored: (tensor: TensorProto) => StoredTensor,
  file: { readonly name: string; readonly size: number },
): ReadGraph {
  const builder = new GraphBuilder();
  const items = new Map<string, Item>();
  for (const [name, tensor] of tensors) items.set(name, { kind: "constant", tensor, depth: 0 });
  const given = graph.inputs.filter(({ name }) => !tensors.has(name));
  const inputs = given.map((info): Value => {
    const item = graphInput(builder, info, graph.nodes);
    items.set(info.name, item);
    return item.value;
  });
  if (inputs.length === 0) throw formatError("The ONNX graph has no input.");
  const context = { builder, opset, batch: given[0]?.shape?.[0] ?? null, stored };
  for (const node of graph.nodes) {
    const results = [run(node, items, context)];
    for (const [i, name] of node.outputs.entries()) {
      const result = results[i];
      if (name === "" || result === undefined) continue;
      if (items.has(name)) throw formatError(`The ONNX graph makes '${name.slice(0, 200)}' twice.`);
      items.set(name, result);
    }
  }
  const outputs = graph.outputs.map(({ name }): Value => {
    const item = items.get(name);
    if (item?.kind === "value") return item.value;
    throw formatError(`The ONNX graph's output '${name.slice(0, 200)}' is made by nothing in it.`);
  });
  if (outputs.length === 0) throw formatError("The ONNX graph has no output.");
  const name = graph.name || withoutEnding(file.name);
  const built = builder.finish(plainModelName(name), inputs, outputs, {
    keepNames: producer === PRODUCER,
    fileSize: file.size,
  });
  return { ...built, isPadded: graph.nodes.some(isPaddedStride) && !graph.nodes.some(isPad) };
}

function run(node: NodeProto, items: ReadonlyMap<string, Item>, context: OperationContext): Item {
  const inputs = node.inputs.map((name) => {
    if (name === "") return undefined;
    const item = items.get(name);
    if (item !== undefined) return item;
    throw formatError(
      `The ONNX graph's ${node.operator} '${(node.name || (node.outputs[0] ?? "")).slice(0, 200)}' takes '${name.slice(0, 200)}', which nothing before it makes.`,
    );
  });
  const operation = new Operation(node, inputs, context);
  const isOwn = node.domain === "" || node.domain === "ai.onnx";
  const operator = isOwn ? OPERATORS.get(node.operator) : undefined;
  if (operator !== undefined) return operator(operation);
  throw unsupportedError(
    `The ONNX graph is not a MobileNetV2 that is read here: '${operation.hint.slice(0, 200)}' is a ` +
      `${isOwn ? "" : `${node.domain.slice(0, 40)}.`}${node.operator.slice(0, 40)}. Read are: ${OPERATOR_NAMES.join(", ")}`,
  );
}

/** An input. Our pictures have their channels last; in which order the graph takes them shows in what it does first. */
function graphInput(builder: GraphBuilder, { name, shape }: ValueInfo, nodes: readonly NodeProto[]): ValueItem {
  if (shape === undefined || (shape.length !== 4 && shape.length !== 2)) {
    throw unsupportedError(
      `The ONNX graph's input '${name.slice(0, 200)}' has the shape ${shape === undefined ? "of nothing" : formatShape(shape)}; ` +
        "read are pictures, with four axes, and vectors, with two.",
    );
  }
  const axes = shape.length === 4 && takesChannelsFirst(name, nodes) ? CHANNELS_FIRST : shape.map((_, i) => i);
  const ours: Shape = shape.map((_, i) => (i === 0 ? null : (shape[axes.indexOf(i)] ?? null)));
  return valueItem(builder.input(name, ours), axes);
}

const CHANNELS_FIRST_OPERATORS: readonly string[] = ["Conv", "BatchNormalization", "GlobalAveragePool", "AveragePool"];

/** True if what is made of the input reaches a convolution before it is transposed. */
function takesChannelsFirst(name: string, nodes: readonly NodeProto[]): boolean {
  const reached = new Set([name]);
  for (const node of nodes) {
    if (!node.inputs.some((input) => reached.has(input))) continue;
    if (CHANNELS_FIRST_OPERATORS.includes(node.operator)) return true;
    if (node.operator === "Transpose") return isReversed(node.attributes.get("perm")?.integers);
    for (const output of node.outputs) reached.add(output);
  }
  return false;
}

/** True for the transposition from channels first to channels last. */
function isReversed(order: Dims | undefined): boolean {
  return order?.join() === "0,2,3,1";
}

function isPaddedStride({ attributes }: NodeProto): boolean {
  return attributes.get("strides")?.integers.join() === "2,2" && attributes.get("pads")?.integers.join() === "1,1,1,1";
}

function isPad({ operator }: NodeProto): boolean {
  return operator === "Pad";
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
