/** A node of TensorFlow's graphs (node_def.proto, attr_value.proto), whether the file has it as JSON or as a protocol buffer. */
import type { Checkpoint } from "../../checkpoint.ts";
import { formatError } from "../../file-errors.ts";

/** The attributes of a node. What is missing or of another type is undefined, or an empty list. */
export interface Attributes {
  readonly has: (name: string) => boolean;
  readonly integer: (name: string) => number | undefined;
  readonly integers: (name: string) => readonly number[];
  readonly float: (name: string) => number | undefined;
  readonly boolean: (name: string) => boolean;
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => readonly string[];
  /** A shape; undefined if its rank is not known. Sizes that are not known are null. */
  readonly shape: (name: string) => readonly (number | null)[] | undefined;
  /** numpy's name of a type; types that are not read keep their number: `type 20`. */
  readonly dtype: (name: string) => string | undefined;
  /** The message of a tensor (tensor.proto); in JSON there are none. */
  readonly tensor: (name: string) => Uint8Array | undefined;
  /** The name of a function. */
  readonly functionName: (name: string) => string | undefined;
}

export interface GraphNode {
  readonly name: string;
  readonly operator: string;
  /** The outputs of nodes that it takes: `name`, `name:1`, in functions `name:output:0`. Those that only say what must run before are left out. */
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

/** A function of the graph: its nodes see nothing but its arguments. */
export interface GraphFunction {
  /** The names of its arguments. */
  readonly inputs: readonly string[];
  /** What it gives, as its nodes take one another. */
  readonly results: readonly string[];
  readonly nodes: ReadonlyMap<string, GraphNode>;
}

export interface TensorFlowGraph {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** The function of that name; undefined if there is none. */
  readonly function: (name: string) => GraphFunction | undefined;
}

/** The most nodes that are read, and the most inputs that one may have. */
export const MAX_NODES = 20_000;
export const MAX_INPUTS = 20_000;

/** numpy's names of TensorFlow's types, by their numbers in types.proto. */
export const DTYPES: ReadonlyMap<number, string> = new Map([
  [1, "float32"],
  [2, "float64"],
  [3, "int32"],
  [4, "uint8"],
  [5, "int16"],
  [6, "int8"],
  [7, "string"],
  [9, "int64"],
  [10, "bool"],
  [14, "bfloat16"],
  [17, "uint16"],
  [19, "float16"],
  [22, "uint32"],
  [23, "uint64"],
]);

/** A float32 that a file has in binary, as it was written in decimals: 0.001, not 0.0010000000474974513. */
export function asWritten(float: number): number {
  return Number(float.toPrecision(7));
}

/** Nodes that give nothing to a model. */
const SILENT: readonly string[] = ["Assert", "Const", "NoOp", "Placeholder"];

/** The nodes that no other node takes: the outputs of a graph without a signature. @throws FormatError if there is none. */
export function lastNodes(nodes: ReadonlyMap<string, GraphNode>, what: string): readonly string[] {
  const taken = new Set([...nodes.values()].flatMap(({ inputs }) => inputs.map((input) => input.replace(/:\d+$/, ""))));
  const last = [...nodes.values()].filter(({ name, operator }) => !taken.has(name) && !SILENT.includes(operator));
  if (last.length === 0) throw formatError(`The ${what} has no output.`);
  return last.map(({ name }) => name);
}

/** What there is to say of a graph that is not read. */
export function unreadGraph(
  nodes: ReadonlyMap<string, GraphNode>,
  outputs: readonly string[],
  reason: string,
): Pick<Checkpoint, "model" | "unread"> {
  const inputs = [...nodes.values()].filter(({ operator }) => operator === "Placeholder");
  return {
    model: undefined,
    unread: {
      reason,
      inputs: inputs.map(({ name, attributes }) => ({ name, shape: attributes.shape("shape") })),
      outputs: outputs.map((name) => ({ name, shape: undefined })),
    },
  };
}
