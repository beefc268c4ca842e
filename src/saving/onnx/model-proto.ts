/** The messages of ONNX (onnx.proto, IR versions 3 to 13) as plain objects: what a network of layers needs of them, all of it bounded. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { type Field, fieldsOf, floatOf, integersOf, messageOf, textOf } from "../bytes/protobuf.ts";
import { type TensorProto, dtypeOf, readTensorProto } from "./tensor-proto.ts";

export interface ModelProto {
  readonly producer: string;
  /** The version of ONNX's own operators. */
  readonly opset: number;
  readonly graph: GraphProto;
  readonly metadata: ReadonlyMap<string, string>;
}

export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Whether it has sparse tensors, which are not read. */
  readonly isSparse: boolean;
}

export interface ValueInfo {
  readonly name: string;
  /** Undefined if the file does not say it; null stands for an axis that is not known. */
  readonly shape: readonly (number | null)[] | undefined;
  /** numpy's name of the type; undefined if the file does not say it. */
  readonly dtype: string | undefined;
}

export interface NodeProto {
  readonly name: string;
  readonly operator: string;
  readonly domain: string;
  /** Empty names stand for inputs that are left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeProto>;
}

export interface AttributeProto {
  readonly integer?: number | undefined;
  readonly float?: number | undefined;
  readonly text?: string | undefined;
  readonly tensor?: TensorProto | undefined;
  readonly integers: readonly number[];
  readonly floats: readonly number[];
}

const MAX_NODES = 20_000;
const MAX_TENSORS = 40_000;
const MAX_METADATA = 1000;
/** The most entries in a list of a node or a shape. */
const MAX_LIST = 1000;

export function readModelProto(bytes: Uint8Array): ModelProto {
  let producer = "";
  let opset = 0;
  let graph: GraphProto | undefined;
  const metadata = new Map<string, string>();
  for (const field of fieldsOf(bytes)) {
    if (field.number === 2) producer = textOf(field);
    else if (field.number === 7) graph = readGraph(messageOf(field));
    else if (field.number === 8) opset = Math.max(opset, ownOpset(messageOf(field)));
    else if (field.number === 14 && metadata.size < MAX_METADATA) {
      const [key = "", value = ""] = texts(messageOf(field), [1, 2]);
      metadata.set(key, value);
    }
  }
  if (graph === undefined) throw new MobileNetV2Error("FormatError", "The ONNX file has no graph.");
  return { producer, opset, graph, metadata };
}

/** The version of a set of operators if it is ONNX's own; else 0. */
function ownOpset(message: Uint8Array): number {
  let domain = "";
  let version = 0;
  for (const field of fieldsOf(message)) {
    if (field.number === 1) domain = textOf(field);
    if (field.number === 2) version = field.integer;
  }
  return domain === "" || domain === "ai.onnx" ? version : 0;
}

function readGraph(message: Uint8Array): GraphProto {
  let name = "";
  let isSparse = false;
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === 1) push(nodes, readNode(messageOf(field)), MAX_NODES, "nodes");
    else if (field.number === 2) name = textOf(field);
    else if (field.number === 5) push(initializers, readTensorProto(messageOf(field)), MAX_TENSORS, "initializers");
    else if (field.number === 11) push(inputs, readValueInfo(messageOf(field)), MAX_TENSORS, "inputs");
    else if (field.number === 12) push(outputs, readValueInfo(messageOf(field)), MAX_LIST, "outputs");
    else if (field.number === 15) isSparse = true;
  }
  return { name, nodes, initializers, inputs, outputs, isSparse };
}

function readNode(message: Uint8Array): NodeProto {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, AttributeProto>();
  let [name, operator, domain] = ["", "", ""];
  for (const field of fieldsOf(message)) {
    if (field.number === 1) push(inputs, textOf(field), MAX_LIST, "inputs of a node");
    else if (field.number === 2) push(outputs, textOf(field), MAX_LIST, "outputs of a node");
    else if (field.number === 3) name = textOf(field);
    else if (field.number === 4) operator = textOf(field);
    else if (field.number === 7) domain = textOf(field);
    else if (field.number === 5 && attributes.size < MAX_LIST) {
      const [key, attribute] = readAttribute(messageOf(field));
      attributes.set(key, attribute);
    }
  }
  return { name, operator, domain, inputs, outputs, attributes };
}

function readAttribute(message: Uint8Array): [string, AttributeProto] {
  let name = "";
  let integer: number | undefined;
  let float: number | undefined;
  let text: string | undefined;
  let tensor: TensorProto | undefined;
  const integers: number[] = [];
  const floats: number[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === 1) name = textOf(field);
    else if (field.number === 2) float = floatOf(field);
    else if (field.number === 3) integer = field.integer;
    // A string may be any bytes; those of the operators that are read are words.
    else if (field.number === 4) text = new TextDecoder().decode(messageOf(field).subarray(0, MAX_LIST));
    else if (field.number === 5) tensor = readTensorProto(messageOf(field));
    else if (field.number === 7) {
      for (const value of floatsOf(field)) push(floats, value, MAX_LIST, "numbers of an attribute");
    } else if (field.number === 8) {
      for (const value of integersOf(field)) push(integers, value, MAX_LIST, "numbers of an attribute");
    }
  }
  return [name, { integer, float, text, tensor, integers, floats }];
}

function floatsOf(field: Field): readonly number[] {
  if (field.wire !== 2) return [floatOf(field)];
  const { buffer, byteOffset, length } = field.bytes.subarray(0, 4 * MAX_LIST);
  const view = new DataView(buffer, byteOffset, length);
  return Array.from({ length: Math.floor(length / 4) }, (_, i) => view.getFloat32(4 * i, true));
}

function readValueInfo(message: Uint8Array): ValueInfo {
  let name = "";
  let shape: readonly (number | null)[] | undefined;
  let dtype: string | undefined;
  for (const field of fieldsOf(message)) {
    if (field.number === 1) name = textOf(field);
    if (field.number !== 2) continue;
    // TypeProto: only tensors have the field 1.
    for (const type of fieldsOf(messageOf(field))) {
      if (type.number !== 1) continue;
      for (const part of fieldsOf(messageOf(type))) {
        if (part.number === 1) dtype = dtypeOf(part.integer);
        if (part.number === 2) shape = readShape(messageOf(part));
      }
    }
  }
  return { name, shape, dtype };
}

function readShape(message: Uint8Array): readonly (number | null)[] {
  const shape: (number | null)[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number !== 1) continue;
    let axis: number | null = null;
    // Exporters write 0 and −1 for what they do not know.
    for (const dim of fieldsOf(messageOf(field))) if (dim.number === 1 && dim.integer > 0) axis = dim.integer;
    push(shape, axis, MAX_LIST, "axes of a shape");
  }
  return shape;
}

/** The texts of the fields with these numbers, in this order. */
function texts(message: Uint8Array, numbers: readonly number[]): string[] {
  const found = new Map<number, string>();
  for (const field of fieldsOf(message)) if (numbers.includes(field.number)) found.set(field.number, textOf(field));
  return numbers.map((number) => found.get(number) ?? "");
}

function push<T>(list: T[], item: T, most: number, what: string): void {
  if (list.length === most) {
    throw new MobileNetV2Error("LimitError", `The ONNX file has more than ${most} ${what}.`);
  }
  list.push(item);
}
