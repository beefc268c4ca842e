/** TensorFlow's graphs and their functions as protocol buffers (graph.proto, node_def.proto, function.proto, attr_value.proto). */
import { MobileNetV2Error } from "../../core/errors.ts";
import { type Field, fieldsOf, floatOf, integersOf, messageOf, textOf } from "../bytes/protobuf.ts";
import { formatError } from "../file-errors.ts";
import {
  type Attributes,
  type GraphFunction,
  type GraphNode,
  type TensorFlowGraph,
  MAX_INPUTS,
  MAX_NODES,
} from "../graphs/tensorflow/graph-node.ts";
import { dtypeOf, readShape } from "./tensor-proto.ts";

/** The numbers of the fields of an AttrValue. */
const [LIST, TEXT, INTEGER, FLOAT, BOOLEAN, TYPE, SHAPE, TENSOR, FUNCTION] = [1, 2, 3, 4, 5, 6, 7, 8, 10];

/** More functions than a model of Keras 2 has, which has several for each layer. */
const MAX_FUNCTIONS = 50_000;

/** The graph of a GraphDef. A function is read when it is called. @throws FormatError, LimitError */
export function readGraphDef(message: Uint8Array): TensorFlowGraph {
  const functions = new Map<string, Uint8Array>();
  const read = new Map<string, GraphFunction>();
  const nodes = new NodeList();
  for (const field of fieldsOf(message)) {
    if (field.number === 1) nodes.add(messageOf(field));
    else if (field.number === 2) readLibrary(messageOf(field), functions);
  }
  return {
    nodes: nodes.byName,
    function: (name) => {
      const known = read.get(name);
      const body = functions.get(name);
      if (known !== undefined || body === undefined) return known;
      const made = readFunction(body, name);
      read.set(name, made);
      return made;
    },
  };
}

/** Nodes by name. */
class NodeList {
  readonly byName = new Map<string, GraphNode>();

  add(message: Uint8Array): void {
    const node = readNode(message);
    if (this.byName.has(node.name)) {
      throw formatError(`The graph has two nodes with the name '${node.name.slice(0, 200)}'.`);
    }
    if (this.byName.size === MAX_NODES) {
      throw new MobileNetV2Error("LimitError", `The graph has more than ${MAX_NODES} nodes.`);
    }
    this.byName.set(node.name, node);
  }
}

function readLibrary(message: Uint8Array, functions: Map<string, Uint8Array>): void {
  for (const field of fieldsOf(message)) {
    if (field.number !== 1) continue;
    const body = messageOf(field);
    const [signature] = fieldsOf(body);
    const [name] = signature?.number === 1 ? fieldsOf(messageOf(signature)) : [];
    if (name?.number !== 1) throw formatError("A function of the graph has no name.");
    if (functions.size === MAX_FUNCTIONS) {
      throw new MobileNetV2Error("LimitError", `The graph has more than ${MAX_FUNCTIONS} functions.`);
    }
    functions.set(textOf(name), body);
  }
}

function readFunction(message: Uint8Array, name: string): GraphFunction {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const results = new Map<string, string>();
  const nodes = new NodeList();
  for (const field of fieldsOf(message)) {
    if (field.number === 1) {
      for (const part of fieldsOf(messageOf(field))) {
        if (part.number === 2) inputs.push(argumentName(messageOf(part)));
        else if (part.number === 3) outputs.push(argumentName(messageOf(part)));
      }
    } else if (field.number === 3) nodes.add(messageOf(field));
    else if (field.number === 4) {
      const [key, value] = entryOf(messageOf(field));
      if (value !== undefined) results.set(key, textOf(value));
    }
  }
  return {
    inputs,
    results: outputs.map((output) => {
      const result = results.get(output);
      if (result !== undefined) return result;
      throw formatError(`The function '${name.slice(0, 200)}' of the graph does not say what its '${output}' is.`);
    }),
    nodes: nodes.byName,
  };
}

function argumentName(message: Uint8Array): string {
  for (const field of fieldsOf(message)) if (field.number === 1) return textOf(field);
  return "";
}

/** The key of an entry of a map, and the field of its value. */
export function entryOf(message: Uint8Array): readonly [string, Field | undefined] {
  let key = "";
  let value: Field | undefined;
  for (const field of fieldsOf(message)) {
    if (field.number === 1) key = textOf(field);
    else if (field.number === 2) value = field;
  }
  return [key, value];
}

function readNode(message: Uint8Array): GraphNode {
  let name = "";
  let operator = "";
  const inputs: string[] = [];
  const attributes = new Map<string, Uint8Array>();
  for (const field of fieldsOf(message)) {
    if (field.number === 1) name = textOf(field);
    else if (field.number === 2) operator = textOf(field);
    else if (field.number === 3) {
      const input = textOf(field);
      if (inputs.length === MAX_INPUTS)
        throw formatError(`Node '${name.slice(0, 200)}' has more than ${MAX_INPUTS} inputs.`);
      if (!input.startsWith("^")) inputs.push(input);
    } else if (field.number === 5) {
      const [key, value] = entryOf(messageOf(field));
      if (value !== undefined) attributes.set(key, messageOf(value));
    }
  }
  return { name, operator, inputs, attributes: attributesOf(attributes) };
}

function fieldIn(message: Uint8Array | undefined, number: number | undefined): Field | undefined {
  if (message === undefined) return undefined;
  let found: Field | undefined;
  for (const field of fieldsOf(message)) if (field.number === number) found = field;
  return found;
}

function attributesOf(messages: ReadonlyMap<string, Uint8Array>): Attributes {
  const one = (name: string, kind: number | undefined): Field | undefined => fieldIn(messages.get(name), kind);
  const list = (name: string, kind: number | undefined): readonly Field[] => {
    const field = one(name, LIST);
    return field === undefined ? [] : [...fieldsOf(messageOf(field))].filter(({ number }) => number === kind);
  };
  return {
    has: (name) => messages.has(name),
    integer: (name) => one(name, INTEGER)?.integer,
    integers: (name) => list(name, INTEGER).flatMap((field) => [...integersOf(field)]),
    float: (name) => {
      const field = one(name, FLOAT);
      return field === undefined ? undefined : floatOf(field);
    },
    boolean: (name) => one(name, BOOLEAN)?.integer === 1,
    text: (name) => {
      const field = one(name, TEXT);
      return field === undefined ? undefined : textOf(field);
    },
    texts: (name) => list(name, TEXT).map(textOf),
    shape: (name) => {
      const field = one(name, SHAPE);
      return field === undefined ? undefined : readShape(messageOf(field));
    },
    dtype: (name) => {
      const field = one(name, TYPE);
      return field === undefined ? undefined : dtypeOf(field.integer);
    },
    tensor: (name) => {
      const field = one(name, TENSOR);
      return field === undefined ? undefined : messageOf(field);
    },
    functionName: (name) => {
      const field = one(name, FUNCTION);
      const called = field === undefined ? undefined : fieldIn(messageOf(field), 1);
      return called === undefined ? undefined : textOf(called);
    },
  };
}
