/** TensorFlow's GraphDef as TF.js writes it in JSON: nodes, what they take, and their attributes. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { decodeBase64 } from "../bytes/base64.ts";
import { type Json, arrayOf, member, stringOf } from "../bytes/json.ts";
import { formatError } from "../file-errors.ts";
import { type Attributes, type GraphNode, DTYPES, MAX_INPUTS, MAX_NODES } from "../graphs/tensorflow/graph-node.ts";

/** The nodes by name. @throws FormatError if two have one name. */
export function readGraphDef(topology: Json | undefined): ReadonlyMap<string, GraphNode> {
  const given = arrayOf(member(topology, "node"), "`node` of the graph model");
  if (given.length > MAX_NODES) {
    throw new MobileNetV2Error("LimitError", `The graph has ${given.length} nodes; at most ${MAX_NODES} are read.`);
  }
  const nodes = new Map<string, GraphNode>();
  for (const json of given) {
    const name = stringOf(member(json, "name"), "The name of a node").slice(0, 1000);
    const references = member(json, "input");
    const inputs = references === undefined ? [] : arrayOf(references, "`input` of a node");
    if (inputs.length > MAX_INPUTS) throw formatError(`Node '${name}' of the graph has ${inputs.length} inputs.`);
    if (nodes.has(name)) throw formatError(`The graph has two nodes with the name '${name}'.`);
    nodes.set(name, {
      name,
      operator: stringOf(member(json, "op"), "The operator of a node"),
      inputs: inputs.map((input) => stringOf(input, "An input of a node")).filter((input) => !input.startsWith("^")),
      attributes: attributesOf(name, member(json, "attr")),
    });
  }
  return nodes;
}

/** Integers stand as texts, words as Base64. */
function attributesOf(node: string, json: Json | undefined): Attributes {
  const one = (name: string, kind: string): Json | undefined => member(member(json, name), kind);
  const list = (name: string, kind: "i" | "s"): readonly Json[] => {
    const items = member(one(name, "list"), kind);
    return items === undefined ? [] : arrayOf(items, `\`${name}\` of node '${node}'`);
  };
  const number = (value: Json | undefined): number | undefined => (value === undefined ? undefined : Number(value));
  return {
    has: (name) => member(json, name) !== undefined,
    integer: (name) => number(one(name, "i")),
    integers: (name) => list(name, "i").map(Number),
    float: (name) => {
      const value = one(name, "f");
      return typeof value === "number" ? value : undefined;
    },
    boolean: (name) => one(name, "b") === true,
    text: (name) => {
      const value = one(name, "s");
      return value === undefined ? undefined : word(value);
    },
    texts: (name) => list(name, "s").map(word),
    shape: (name) => shapeOf(one(name, "shape")),
    dtype: (name) => {
      const value = one(name, "type");
      return value === undefined ? undefined : dtypeOf(value);
    },
    tensor: () => undefined,
    functionName: () => undefined,
  };
}

/** A type stands as its number, or as its name in types.proto: `DT_FLOAT`. */
function dtypeOf(json: Json): string {
  if (typeof json === "number") return DTYPES.get(json) ?? `type ${json}`;
  const name = stringOf(json, "A type of the graph").replace(/^DT_/, "").toLowerCase();
  return name === "float" ? "float32" : name === "double" ? "float64" : name === "half" ? "float16" : name;
}

function shapeOf(json: Json | undefined): readonly (number | null)[] | undefined {
  const dims = member(json, "dim");
  if (dims === undefined) return undefined;
  return arrayOf(dims, "A shape of the graph").map((dim) => {
    const size = Number(member(dim, "size") ?? -1);
    return Number.isSafeInteger(size) && size > 0 ? size : null;
  });
}

/** Words are Base64; the first writers of the format left them as lists of bytes, or as they are. */
function word(json: Json): string {
  if (Array.isArray(json)) return json.map((byte: Json) => String.fromCharCode(Number(byte))).join("");
  const given = stringOf(json, "A word in the graph");
  if (/^[A-Z_]+$/.test(given) && given.length % 4 !== 0) return given;
  return new TextDecoder().decode(decodeBase64(new TextEncoder().encode(given)));
}
