/** The graph of an ONNX file as a model of layers. */
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Preprocessing } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type BuiltModel, GraphBuilder } from "../graphs/graph-builder.ts";
import { plainModelName, withoutEnding } from "../graphs/layer-names.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { graphInput } from "./inputs.ts";
import { PRODUCER } from "./metadata.ts";
import type { ModelProto, NodeProto } from "./model-proto.ts";
import { inOrder } from "./node-order.ts";
import { type Item, OnnxOperation, type OperationContext } from "./operation.ts";
import { OPERATOR_NAMES, operatorOf } from "./operators/table.ts";
import { outputValue } from "./operators/shapes.ts";
import type { TensorProto } from "./tensor-proto.ts";

/** The first version of ONNX's operators whose broadcasting is NumPy's. */
const FIRST_OPSET = 7;

/** For each, all nodes are looked at. */
const MAX_INPUTS = 64;

export interface ReadGraph extends BuiltModel {
  /** How pixels become what the first input takes, if its integers say it. */
  readonly preprocessing: Preprocessing | undefined;
}

/** @throws FormatError for a broken graph, UnsupportedError that names the first thing that is not read. */
export function readGraph(
  { graph, opset, producer }: ModelProto,
  tensors: ReadonlyMap<string, StoredTensor>,
  stored: (tensor: TensorProto) => StoredTensor,
  file: { readonly name: string; readonly size: number },
): ReadGraph {
  if (opset < FIRST_OPSET) {
    throw unsupportedError(
      `The ONNX graph has operators of version ${opset} (opset); read are ${FIRST_OPSET} and later.`,
    );
  }
  if (graph.isSparse) throw unsupportedError("The ONNX file has sparse tensors, which are not read.");
  const builder = new GraphBuilder();
  const items = new Map<string, Item>();
  for (const [name, tensor] of tensors) items.set(name, { kind: "constant", tensor, depth: 0 });
  const given = graph.inputs.filter(({ name }) => !tensors.has(name));
  if (given.length > MAX_INPUTS) {
    throw unsupportedError(`The ONNX graph has ${given.length} inputs; read are up to ${MAX_INPUTS}.`);
  }
  const inputs = given.map((info) => {
    const input = graphInput(builder, info, graph.nodes, tensors);
    items.set(info.name, input.item);
    return input;
  });
  if (inputs.length === 0) throw unsupportedError("The ONNX graph has no input: all of it is constant.");
  const context = { builder, opset, batch: given[0]?.shape?.[0] ?? null, stored };
  for (const node of inOrder(graph.nodes, items.keys())) {
    const results = run(node, items, context);
    for (const [i, name] of node.outputs.entries()) {
      if (name === "") continue;
      if (items.has(name)) throw formatError(`The ONNX graph makes '${name.slice(0, 200)}' twice.`);
      const what = `output ${i} of the ${node.operator.slice(0, 40)} '${nameOf(node)}'`;
      items.set(name, results[i] ?? { kind: "unread", what });
    }
  }
  const outputs = graph.outputs.map(({ name }) => {
    const item = items.get(name);
    if (item === undefined)
      throw formatError(`The ONNX graph's output '${name.slice(0, 200)}' is made by nothing in it.`);
    return outputValue(new OnnxOperation(outputNode(name), [item], context));
  });
  if (outputs.length === 0) throw formatError("The ONNX graph has no output.");
  const name = graph.name || withoutEnding(file.name);
  const built = builder.finish(
    plainModelName(name),
    inputs.map(({ item }) => item.value),
    outputs,
    { keepNames: producer === PRODUCER, fileSize: file.size },
  );
  return { ...built, preprocessing: inputs[0]?.preprocessing };
}

/** An output of the graph, for errors: as if a node took it. */
function outputNode(name: string): NodeProto {
  return { name, operator: "output", domain: "", inputs: [name], outputs: [], attributes: new Map() };
}

function nameOf({ name, outputs }: NodeProto): string {
  return (name || (outputs[0] ?? "")).slice(0, 200);
}

function run(node: NodeProto, items: ReadonlyMap<string, Item>, context: OperationContext): readonly Item[] {
  const inputs = node.inputs.map((name) => {
    if (name === "") return undefined;
    const item = items.get(name);
    if (item !== undefined) return item;
    throw formatError(
      `The ONNX graph's ${node.operator} '${nameOf(node)}' takes '${name.slice(0, 200)}', which nothing before it makes.`,
    );
  });
  const operation = new OnnxOperation(node, inputs, context);
  const operator = operatorOf(node);
  if (operator !== undefined) return named(node, () => operator(operation));
  const isOwn = node.domain === "" || node.domain === "ai.onnx";
  throw unsupportedError(
    `The ONNX graph is not a MobileNetV2 that is read here: '${operation.hint.slice(0, 200)}' is a ` +
      `${isOwn ? "" : `${node.domain.slice(0, 40)}.`}${node.operator.slice(0, 40)}. Read are: ${OPERATOR_NAMES.join(", ")}`,
  );
}

/** What a node makes; errors that come from a layer say which node it was to be. */
function named<T>(node: NodeProto, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof MobileNetV2Error) || error.message.startsWith("The ONNX graph's ")) throw error;
    const message = `The ONNX graph's ${node.operator} '${nameOf(node)}' is not read: ${error.message}`;
    throw new MobileNetV2Error(error.code, message, { cause: error });
  }
}

/** Whether strided convolutions pad themselves, alike on all sides, as in torchvision's models and not in those that came from TensorFlow. */
export function padsAsTorchvision({ graph: { nodes } }: ModelProto): boolean {
  return nodes.some(isPaddedStride) && !nodes.some(({ operator }) => operator === "Pad");
}

function isPaddedStride({ attributes }: NodeProto): boolean {
  return attributes.get("strides")?.integers.join() === "2,2" && attributes.get("pads")?.integers.join() === "1,1,1,1";
}
