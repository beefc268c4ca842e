/** `inbound_nodes` of Keras's configs, as Keras 3 and as Keras 2 write them: the tensors that a layer is applied to, and its other arguments. */
import type { TensorReference } from "../checkpoint.ts";
import { formatError } from "../file-errors.ts";
import { type Json, arrayOf, member, stringOf } from "../bytes/json.ts";

/** One application of a layer. */
export interface Call {
  readonly tensors: readonly TensorReference[];
  /** Positional arguments as they stand, tensors included: operations on tensors have constants among them. */
  readonly args: readonly Json[];
  /** The arguments by name that are no tensors. */
  readonly kwargs: ReadonlyMap<string, Json>;
  /** The version of Keras that writes calls so. */
  readonly style: "keras 2" | "keras 3";
}

/** @throws FormatError for what is neither way of writing. */
export function callsOf(nodes: Json | undefined, layer: string): readonly Call[] {
  const what = `\`inbound_nodes\` of layer '${layer}'`;
  if (nodes === undefined) return [];
  return arrayOf(nodes, what).map((node) => (node instanceof Map ? keras3(node, what) : keras2(node, what)));
}

/** `{ args: [tensor, [tensor, …], …], kwargs: {} }`. */
function keras3(node: Json, what: string): Call {
  const args = arrayOf(member(node, "args"), `The args in ${what}`);
  const kwargs = member(node, "kwargs") ?? new Map<string, Json>();
  if (!(kwargs instanceof Map)) throw formatError(`The kwargs in ${what} should be an object.`);
  const tensors: TensorReference[] = [];
  for (const arg of args) collect(arg, tensors, what);
  const others = new Map<string, Json>();
  for (const [name, value] of kwargs) {
    const before = tensors.length;
    if (name === "inputs" || name === "x") collect(value, tensors, what);
    if (tensors.length === before) others.set(name, value);
  }
  return { tensors, args, kwargs: others, style: "keras 3" };
}

function collect(arg: Json, into: TensorReference[], what: string): void {
  if (Array.isArray(arg)) for (const item of arg) collect(item, into, what);
  else if (member(arg, "class_name") === "__keras_tensor__") {
    into.push(referenceOf(member(member(arg, "config"), "keras_history"), what));
  }
}

/** `[["layer", node, output, kwargs?], …]`; or one of these without the list around it. */
function keras2(node: Json, what: string): Call {
  const list = arrayOf(node, what);
  const entries = typeof list[0] === "string" ? [list] : list;
  const kwargs = new Map<string, Json>();
  const tensors = entries.map((entry) => {
    const [, , , named] = arrayOf(entry, what);
    if (named instanceof Map) for (const [name, value] of named) kwargs.set(name, value);
    return referenceOf(entry, what);
  });
  return { tensors, args: [], kwargs, style: "keras 2" };
}

function referenceOf(value: Json | undefined, what: string): TensorReference {
  const [layer, node, output] = arrayOf(value, `A tensor in ${what}`);
  return { layer: stringOf(layer, `A layer's name in ${what}`), node: index(node, what), output: index(output, what) };
}

function index(value: Json | undefined, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw formatError(`${what} should have whole numbers of 0 or more as indexes.`);
}
