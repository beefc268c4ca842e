/** MobileNetV2 as a TF.js graph model (tensorflowjs_converter, TensorFlow Hub), read into a model of Keras's layers. */
import type { Checkpoint } from "../checkpoint.ts";
import { elementCount } from "../bytes/element-count.ts";
import { type Json, member, stringOf } from "../bytes/json.ts";
import { formatError } from "../file-errors.ts";
import { type GraphNode, lastNodes, unreadGraph } from "../graphs/tensorflow/graph-node.ts";
import { readGraph } from "../graphs/tensorflow/graph-reader.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { unlessUnsupported } from "../unread.ts";
import { readGraphDef } from "./graph-def.ts";

const WHAT = "graph model";

/**
 * A parsed model.json with the tensors of its manifest. Its weights are constants: they belong to layers by what takes them.
 * @throws FormatError, UnsupportedError, LimitError.
 */
export function readGraphModel(json: Json, tensors: readonly StoredTensor[]): Checkpoint {
  const nodes = readGraphDef(member(json, "modelTopology"));
  const constants = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const file = {
    what: WHAT,
    graph: { nodes, function: () => undefined },
    tensor: ({ name }: GraphNode): StoredTensor => {
      const tensor = constants.get(name);
      if (tensor !== undefined) return tensor;
      throw formatError(`The graph model's constant '${name.slice(0, 200)}' is not in the weights manifest.`);
    },
    fileSize: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  };
  const outputs = outputNames(json, nodes);
  const common = { format: "TensorFlow.js graph model", origin: "tfjs", tensors } as const;
  return unlessUnsupported<Checkpoint>(
    () => ({ ...common, ...readGraph(file, outputs) }),
    (reason) => ({ ...common, ...unreadGraph(nodes, outputs, reason), weights: constants }),
  );
}

/** The outputs that the signature names; without a signature, the nodes that no other node takes. */
function outputNames(json: Json, nodes: ReadonlyMap<string, GraphNode>): readonly string[] {
  const signature = member(json, "signature") ?? member(member(json, "userDefinedMetadata"), "signature");
  const outputs = member(signature, "outputs");
  const named =
    outputs instanceof Map
      ? [...outputs.values()].map((output: Json) => stringOf(member(output, "name"), "The name of an output"))
      : [];
  return named.length > 0 ? named : lastNodes(nodes, WHAT);
}
