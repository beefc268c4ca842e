/** TensorFlow's GraphDef as TF.js writes it in JSON: nodes, what they take, and their attributes. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { decodeBase64 } from "../bytes/base64.ts";
import { formatError } from "../file-errors.ts";
import { type Json, arrayOf, member, stringOf } from "../bytes/json.ts";

export interface GraphNode {
  readonly name: string;
  readonly operator: string;
  /** Names of nodes; those that only say what must run before are left out. */
  readonly inputs: readonly string[];
  readonly attributes: Json | undefined;
}

const MAX_NODES = 20_000;
const MAX_INPUTS = 100;

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
      attributes: member(json, "attr"),
    });
  }
  return nodes;
}

/** The node that a reference names. `name:0` is its first output, as is `name` alone; others are not read. */
export function nodeName(reference: string): string {
  return reference.replace(/:0$/, "");
}

export function attribute(node: GraphNode, name: string): Json | undefined {
  return member(node.attributes, name);
}

/** An attribute that is a list of integers, which stand as texts, or of words, which are Base64. */
function list(node: GraphNode, name: string, kind: "i" | "s"): readonly Json[] {
  const items = member(member(attribute(node, name), "list"), kind);
  return items === undefined ? [] : arrayOf(items, `\`${name}\` of node '${node.name}'`);
}

export function integers(node: GraphNode, name: string): readonly number[] {
  return list(node, name, "i").map(Number);
}

export function integer(node: GraphNode, name: string, fallback: number): number {
  return Number(member(attribute(node, name), "i") ?? fallback);
}

export function words(node: GraphNode, name: string): readonly string[] {
  return list(node, name, "s").map((item) => word(item));
}

export function text(node: GraphNode, name: string, fallback: string): string {
  const value = member(attribute(node, name), "s");
  return value === undefined ? fallback : word(value);
}

export function boolean(node: GraphNode, name: string): boolean {
  return member(attribute(node, name), "b") === true;
}

export function float(node: GraphNode, name: string, fallback: number): number {
  const value = member(attribute(node, name), "f");
  return typeof value === "number" ? value : fallback;
}

/** A shape; undefined if its rank is not known. Sizes that are not known are null. */
export function shapeOf(json: Json | undefined): readonly (number | null)[] | undefined {
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
