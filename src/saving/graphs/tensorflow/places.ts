/**
 * Finds the nodes of a graph through the calls of its functions, as if the nodes of a function stood in place of its calls. References are
 * those of graph.proto (`name:1`) and, in functions, of function.proto (`name:output:1`).
 */
import { MobileNetV2Error } from "../../../core/errors.ts";
import { formatError, unsupportedError } from "../../file-errors.ts";
import type { GraphFunction, GraphNode, TensorFlowGraph } from "./graph-node.ts";

/** An output of a node. */
export interface Place {
  readonly node: GraphNode;
  readonly scope: Scope;
  readonly output: number;
  /** One for each node in each call. */
  readonly key: string;
}

/** The graph itself, or one call of a function. */
export interface Scope {
  readonly key: string;
  readonly depth: number;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly call: Call | undefined;
}

interface Call {
  readonly function: GraphFunction;
  /** The node that calls, and where it stands. */
  readonly node: GraphNode;
  readonly scope: Scope;
  readonly arguments: ReadonlyMap<string, number>;
}

/** More than exporters put one in the other. */
const MAX_DEPTH = 50;
const MAX_CALLS = 2000;
/** The most steps from a reference to the node that it means. */
const MAX_STEPS = 200;

const CALLS: readonly string[] = ["PartitionedCall", "StatefulPartitionedCall"];
/** Operators with several outputs of different names, of which the first is what they compute. */
const FIRST_OUTPUT = "y";

export class Places {
  readonly #graph: TensorFlowGraph;
  readonly #what: string;
  readonly #calls = new Map<string, Scope>();
  readonly root: Scope;

  /** `what` is how errors name the file. */
  constructor(graph: TensorFlowGraph, what: string) {
    this.#graph = graph;
    this.#what = what;
    this.root = { key: "", depth: 0, nodes: graph.nodes, call: undefined };
  }

  /** The node that gives what a reference in `scope` means. @throws FormatError, UnsupportedError, LimitError */
  find(scope: Scope, reference: string): Place {
    let [at, wanted] = [scope, reference];
    for (let step = 0; step < MAX_STEPS; step++) {
      const [name = "", ...port] = wanted.split(":");
      const argument = port.length === 0 ? at.call?.arguments.get(name) : undefined;
      if (argument !== undefined && at.call !== undefined) {
        wanted = at.call.node.inputs[argument] ?? "";
        at = at.call.scope;
        continue;
      }
      const node = at.nodes.get(name);
      if (node === undefined) {
        throw formatError(`The ${this.#what} takes '${name.slice(0, 200)}', which is nowhere in it.`);
      }
      const output = this.#outputOf(node, port);
      const called = this.called(at, node);
      const source = called === undefined ? sourceOf(node, output) : called.call?.function.results[output];
      if (source === undefined && called === undefined) return { node, scope: at, output, key: `${at.key}${name}` };
      if (source === undefined) {
        throw formatError(`The ${this.#what} takes output ${output} of '${name.slice(0, 200)}', which has fewer.`);
      }
      if (called !== undefined) at = called;
      wanted = source;
    }
    throw formatError(`The ${this.#what} goes in a circle at '${reference.slice(0, 200)}'.`);
  }

  /** The call that a node is; undefined if it is none. */
  called(scope: Scope, node: GraphNode): Scope | undefined {
    const known = this.#graph.function(node.operator);
    const name = CALLS.includes(node.operator) ? node.attributes.functionName("f") : undefined;
    const body = name === undefined ? known : this.#graph.function(name);
    if (body === undefined) {
      if (name === undefined) return undefined;
      throw formatError(`The ${this.#what} calls a function '${name.slice(0, 200)}', which is nowhere in it.`);
    }
    const key = `${scope.key}${node.name}/`;
    const made = this.#calls.get(key);
    if (made !== undefined) return made;
    if (scope.depth === MAX_DEPTH || this.#calls.size === MAX_CALLS) {
      throw new MobileNetV2Error(
        "LimitError",
        `The ${this.#what} calls functions more than ${MAX_CALLS} times, or in more than ${MAX_DEPTH} others.`,
      );
    }
    const call = { function: body, node, scope, arguments: new Map(body.inputs.map((input, i) => [input, i])) };
    const entered = { key, depth: scope.depth + 1, nodes: body.nodes, call };
    this.#calls.set(key, entered);
    return entered;
  }

  /** `name`, `name:1`, and in functions `name:output:1`. */
  #outputOf(node: GraphNode, port: readonly string[]): number {
    const last = port.at(-1) ?? "0";
    const output = Number(last);
    const isNamed = port.length === 2;
    const isNormalization = isNamed && node.operator.startsWith("FusedBatchNorm");
    if (!/^\d{1,5}$/.test(last) || port.length > 2) {
      throw formatError(
        `The ${this.#what} takes '${[node.name, ...port].join(":").slice(0, 200)}', which is no output.`,
      );
    }
    if (!isNormalization || port[0] === FIRST_OUTPUT) return output;
    throw unsupportedError(
      `The ${this.#what} takes the statistics of the ${node.operator} '${node.name.slice(0, 200)}': it is in training mode.`,
    );
  }
}

/** What a node with several outputs only hands on. */
function sourceOf(node: GraphNode, output: number): string | undefined {
  return node.operator === "IdentityN" ? node.inputs[output] : undefined;
}
