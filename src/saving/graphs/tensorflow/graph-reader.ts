/** Reads a graph of TensorFlow's operators, from what it gives back to what it takes, into a model of Keras's layers. */
import { formatShape } from "../../../core/shape.ts";
import type { Checkpoint } from "../../checkpoint.ts";
import { formatError, unsupportedError } from "../../file-errors.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import { type BuiltModel, GraphBuilder } from "../graph-builder.ts";
import { isList } from "../../described.ts";
import { isValue } from "../tensorflow-operation.ts";
import type { Value } from "../value.ts";
import { isView, outputValue } from "../view.ts";
import { ExportedNames } from "./exported-names.ts";
import type { GraphNode, TensorFlowGraph } from "./graph-node.ts";
import { hubPixels } from "./hub-pixels.ts";
import { type Item, Operation } from "./operation.ts";
import { OPERATORS } from "./operators.ts";
import { type Place, Places } from "./places.ts";

export interface GraphFile {
  /** How errors name the file: `graph model`. */
  readonly what: string;
  readonly graph: TensorFlowGraph;
  /** What a constant or a variable holds. @throws FormatError, UnsupportedError */
  readonly tensor: (node: GraphNode) => StoredTensor;
  /** The size of the file in bytes, or of its files together, which bounds the size of the weights. */
  readonly fileSize: number;
}

/** Operators that hold a tensor. */
const HOLDERS: readonly string[] = ["Const", "HostConst", "VarHandleOp", "Variable", "VariableV2"];

/**
 * The model that computes the outputs, which are references to nodes.
 * @throws FormatError, UnsupportedError, LimitError.
 */
export function readGraph(file: GraphFile, outputs: readonly string[]): BuiltModel & Pick<Checkpoint, "preprocessing"> {
  const reader = new Reader(file);
  const values = outputs.map((output) => reader.output(output));
  const built = reader.builder.finish("model", reader.inputs(), values, {
    fileSize: file.fileSize,
    nameOf: (hint) => reader.names.layerName(hint),
  });
  return { ...built, ...hubPixels(built.model) };
}

class Reader {
  readonly builder = new GraphBuilder();
  readonly names = new ExportedNames();
  readonly #file: GraphFile;
  readonly #places: Places;
  /** What each node gives: most give one thing. */
  readonly #items = new Map<string, readonly Item[]>();
  readonly #inputs = new Map<GraphNode, Value>();
  #batch: number | undefined;

  constructor(file: GraphFile) {
    this.#file = file;
    this.#places = new Places(file.graph, file.what);
    const operators = new Set(Array.from(file.graph.nodes.values(), ({ operator }) => operator));
    if (!operators.has("Placeholder")) throw formatError(`The ${file.what} has no input.`);
  }

  /** The inputs in the order of the file. */
  inputs(): readonly Value[] {
    return [...this.#file.graph.nodes.values()].flatMap((node) => this.#inputs.get(node) ?? []);
  }

  output(reference: string): Value {
    const item = this.#item(this.#places.find(this.#places.root, reference));
    if (isValue(item)) return item;
    const value = isView(item) ? outputValue(this.builder, item) : undefined;
    if (value !== undefined) return value;
    throw formatError(`The ${this.#file.what}'s output '${reference.slice(0, 200)}' is not computed from its input.`);
  }

  #placeholder(node: GraphNode): Value {
    const { what } = this.#file;
    const name = node.name.slice(0, 200);
    const dtype = node.attributes.dtype("dtype") ?? "float32";
    if (dtype === "string") {
      throw unsupportedError(
        `The ${what}'s input '${name}' is text or encoded pictures; read are graphs that take pixels as numbers.`,
      );
    }
    const shape = node.attributes.shape("shape");
    if (shape?.length !== 4 && shape?.length !== 2) {
      throw unsupportedError(
        `The ${what}'s input '${name}' has the shape ${shape === undefined ? "of nothing" : formatShape(shape)}; ` +
          "read are pictures, with four axes, and vectors, with two.",
      );
    }
    this.#batch = shape[0] ?? undefined;
    return this.builder.input(node.name.replace(/^serving_default_/, ""), shape.with(0, null));
  }

  /** What a node gives. Nodes stand in any order in the file, so those that it takes are read first. */
  #item(wanted: Place): Item {
    const open = new Set<string>();
    const stack = [wanted];
    for (let place = stack.at(-1); place !== undefined; place = stack.at(-1)) {
      if (this.#items.has(place.key)) {
        stack.pop();
        open.delete(place.key);
        continue;
      }
      const { node, scope } = place;
      const isHolder = HOLDERS.includes(node.operator) || node.operator === "Placeholder";
      const taken = isHolder ? [] : node.inputs.map((input) => this.#places.find(scope, input));
      const missing = taken.filter(({ key }) => !this.#items.has(key));
      if (missing.length === 0) {
        const read = this.#read(node, taken);
        this.#items.set(place.key, isList(read) ? read : [read]);
      } else {
        if (open.has(place.key)) {
          throw formatError(`The ${this.#file.what} goes in a circle at '${node.name.slice(0, 200)}'.`);
        }
        open.add(place.key);
        stack.push(...missing);
      }
    }
    return this.#given(wanted);
  }

  #given({ key, node, output }: Place): Item {
    const items = this.#items.get(key);
    const item = items?.[output];
    if (item !== undefined) return item;
    throw unsupportedError(
      `The ${this.#file.what} takes output ${output} of the ${node.operator.slice(0, 40)} '${node.name.slice(0, 200)}'; ` +
        `read are ${items?.length ?? 0} of its outputs.`,
    );
  }

  #read(node: GraphNode, taken: readonly Place[]): Item | readonly Item[] {
    if (node.operator === "Placeholder") {
      const input = this.#placeholder(node);
      this.#inputs.set(node, input);
      return input;
    }
    if (HOLDERS.includes(node.operator)) return this.#file.tensor(node);
    const operator = OPERATORS.get(node.operator);
    if (operator === undefined) {
      throw unsupportedError(
        `The ${this.#file.what} is not a MobileNetV2 that is read here: '${node.name.slice(0, 200)}' is a ` +
          `${node.operator.slice(0, 40)}.`,
      );
    }
    this.names.see(node);
    const inputs = taken.map((place) => this.#given(place));
    return operator(new Operation(node, inputs, { builder: this.builder, what: this.#file.what, batch: this.#batch }));
  }
}
