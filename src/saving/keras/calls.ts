/** `inbound_nodes` of Keras's configs, as Keras 3 and as Keras 2 write them: the tensors that a layer is applied to, and its other arguments. */
import type { Shape } from "../../core/shape.ts";
import type { TensorReference } from "../checkpoint.ts";
import { formatError } from "../file-errors.ts";
import { type Json, arrayOf, member, stringOf } from "../bytes/json.ts";

/** One application of a layer. */
export interface Call {
  readonly tensors: readonly TensorReference[];
  /** What it is applied to, in order: undefined for each tensor, and the constants that operations on tensors have among them. */
  readonly operands: readonly (Json | undefined)[];
  /** The shape of the first tensor with the batch; undefined if the call does not say. */
  readonly shape?: Shape | undefined;
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
  const operands = args.flatMap((arg) => {
    const before = tensors.length;
    collect(arg, tensors, what);
    return tensors.length === before ? [arg] : tensors.slice(before).map(() => undefined);
  });
  const others = new Map<string, Json>();
  for (const [name, value] of kwargs) {
    const before = tensors.length;
    if (name === "inputs" || name === "x") collect(value, tensors, what);
    if (tensors.length === before) others.set(name, value);
    else operands.push(...tensors.slice(before).map(() => undefined));
  }
  return { tensors, operands, shape: shapeIn(args), kwargs: others, style: "keras 3" };
}

function collect(arg: Json, into: TensorReference[], what: string): void {
  if (Array.isArray(arg)) for (const item of arg) collect(item, into, what);
  else if (member(arg, "class_name") === "__keras_tensor__") {
    into.push(referenceOf(member(member(arg, "config"), "keras_history"), what));
  }
}

/** The shape of the first tensor among the arguments. */
function shapeIn([first]: readonly Json[]): Shape | undefined {
  const shape = member(member(Array.isArray(first) ? first[0] : first, "config"), "shape");
  if (!Array.isArray(shape)) return undefined;
  return shape.map((axis: Json) => (typeof axis === "number" && Number.isSafeInteger(axis) && axis >= 0 ? axis : null));
}

/** Stands for the name of a layer where Keras 2 writes a constant. */
const CONSTANT = "_CONSTANT_VALUE";

/** `[["layer", node, output, kwargs?], …]`; or one of these without the list around it. */
function keras2(node: Json, what: string): Call {
  const list = arrayOf(node, what);
  const entries = typeof list[0] === "string" ? [list] : list;
  const kwargs = new Map<string, Json>();
  const tensors: TensorReference[] = [];
  const operands: (Json | undefined)[] = [];
  const take = (entry: Json, isConstant: boolean, constant: Json): void => {
    operands.push(isConstant ? constant : undefined);
    if (!isConstant) tensors.push(referenceOf(entry, what));
  };
  for (const entry of entries) {
    const [layer, , constant = null, named] = arrayOf(entry, what);
    take(entry, layer === CONSTANT, constant);
    if (named instanceof Map) for (const [name, value] of named) kwargs.set(name, value);
  }
  // The second operand of TensorFlow's functions of two.
  const second = kwargs.get("y");
  if (second !== undefined) {
    take(second, !Array.isArray(second) || typeof second[0] !== "string", second);
    kwargs.delete("y");
  }
  return { tensors, operands, kwargs, style: "keras 2" };
}

function referenceOf(value: Json | undefined, what: string): TensorReference {
  const [layer, node, output] = arrayOf(value, `A tensor in ${what}`);
  return { layer: stringOf(layer, `A layer's name in ${what}`), node: index(node, what), output: index(output, what) };
}

function index(value: Json | undefined, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw formatError(`${what} should have whole numbers of 0 or more as indexes.`);
}
