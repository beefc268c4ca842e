/** MobileNetV2 as a TF.js graph model (tensorflowjs_converter, TensorFlow Hub), read into a model of Keras's layers. */
import { formatShape } from "../../core/shape.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { elementCount } from "../bytes/element-count.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { GraphBuilder } from "../graphs/graph-builder.ts";
import { isValue } from "../graphs/tensorflow-operation.ts";
import type { Value } from "../graphs/value.ts";
import { isView, outputValue } from "../graphs/view.ts";
import { type Json, member, stringOf } from "../bytes/json.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { type GraphNode, attribute, nodeName, readGraphDef, shapeOf } from "./graph-def.ts";
import { type Item, OPERATORS, Operation } from "./operators.ts";

/**
 * A parsed model.json with the tensors of its manifest. Its weights are constants: they belong to layers by what takes them.
 * @throws FormatError, UnsupportedError, LimitError.
 */
export function readGraphModel(json: Json, tensors: readonly StoredTensor[]): Checkpoint {
  const nodes = readGraphDef(member(json, "modelTopology"));
  const reader = new Reader(nodes, tensors);
  const outputs = outputNames(json, nodes).map((name) => reader.output(name));
  const fileSize = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const built = reader.builder.finish("model", reader.inputs, outputs, { fileSize });
  return {
    format: "TensorFlow.js graph model",
    origin: "tfjs",
    model: built.model,
    tensors,
    weights: built.weights,
  };
}

/** The outputs that the signature names; without a signature, the nodes that no other node takes. */
function outputNames(json: Json, nodes: ReadonlyMap<string, GraphNode>): readonly string[] {
  const signature = member(json, "signature") ?? member(member(json, "userDefinedMetadata"), "signature");
  const outputs = member(signature, "outputs");
  const named =
    outputs instanceof Map
      ? [...outputs.values()].map((output: Json) => nodeName(stringOf(member(output, "name"), "The name of an output")))
      : [];
  if (named.length > 0) return named;
  const taken = new Set([...nodes.values()].flatMap(({ inputs }) => inputs.map(nodeName)));
  const last = [...nodes.values()].filter(({ name, operator }) => !taken.has(name) && operator !== "Const");
  if (last.length === 0) throw formatError("The graph model has no output.");
  return last.map(({ name }) => name);
}

class Reader {
  readonly builder = new GraphBuilder();
  readonly inputs: Value[] = [];
  readonly #nodes: ReadonlyMap<string, GraphNode>;
  readonly #constants: ReadonlyMap<string, StoredTensor>;
  readonly #items = new Map<string, Item>();

  constructor(nodes: ReadonlyMap<string, GraphNode>, tensors: readonly StoredTensor[]) {
    this.#nodes = nodes;
    this.#constants = new Map(tensors.map((tensor) => [tensor.name, tensor]));
    for (const node of nodes.values()) {
      if (node.operator !== "Placeholder") continue;
      const input = this.#placeholder(node);
      this.inputs.push(input);
      this.#items.set(node.name, input);
    }
    if (this.inputs.length === 0) throw formatError("The graph model has no input.");
  }

  output(name: string): Value {
    const item = this.#item(name);
    if (isValue(item)) return item;
    const value = isView(item) ? outputValue(this.builder, item) : undefined;
    if (value !== undefined) return value;
    throw formatError(`The graph model's output '${name.slice(0, 200)}' is not computed from its input.`);
  }

  #placeholder(node: GraphNode): Value {
    const shape = shapeOf(member(attribute(node, "shape"), "shape"));
    if (shape?.length !== 4 && shape?.length !== 2) {
      throw unsupportedError(
        `The graph model's input '${node.name}' has the shape ${shape === undefined ? "of nothing" : formatShape(shape)}; ` +
          "read are pictures, with four axes, and vectors, with two.",
      );
    }
    return this.builder.input(node.name, shape.with(0, null));
  }

  /** What a node gives. Nodes stand in any order in the file, so those that it takes are read first. */
  #item(wanted: string): Item {
    const open = new Set<string>();
    const stack = [wanted];
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      const node = this.#nodes.get(name);
      if (node === undefined)
        throw formatError(`The graph model takes '${name.slice(0, 200)}', which is nowhere in it.`);
      const missing = node.inputs.map(nodeName).filter((input) => !this.#items.has(input));
      if (this.#items.has(name) || missing.length === 0) {
        if (!this.#items.has(name)) this.#items.set(name, this.#read(node));
        stack.pop();
        open.delete(name);
      } else {
        if (open.has(name)) throw formatError(`The graph model goes in a circle at '${name.slice(0, 200)}'.`);
        open.add(name);
        stack.push(...missing);
      }
    }
    const item = this.#items.get(wanted);
    if (item === undefined) throw formatError(`The graph model has no '${wanted.slice(0, 200)}'.`);
    return item;
  }

  #read(node: GraphNode): Item {
    if (node.operator === "Const") {
      const tensor = this.#constants.get(node.name);
      if (tensor !== undefined) return tensor;
      throw formatError(`The graph model's constant '${node.name.slice(0, 200)}' is not in the weights manifest.`);
    }
    const operator = OPERATORS.get(node.operator);
    if (operator === undefined) {
      throw unsupportedError(
        `The graph model is not a MobileNetV2 that is read here: '${node.name.slice(0, 200)}' is a ` +
          `${node.operator.slice(0, 40)}. Read are: ${[...OPERATORS.keys()].join(", ")}`,
      );
    }
    const inputs = node.inputs.map((input) => {
      const item = this.#items.get(nodeName(input));
      if (item === undefined) throw formatError(`The graph model takes '${input.slice(0, 200)}', which nothing makes.`);
      return item;
    });
    return operator(new Operation(node, this.builder, inputs));
  }
}
