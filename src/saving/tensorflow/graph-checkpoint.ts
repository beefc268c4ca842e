/** Frozen graphs of TensorFlow 1 (`.pb`): a GraphDef whose weights are constants, such as slim's `mobilenet_v2_1.0_224_frozen.pb`. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { lastNodes } from "../graphs/tensorflow/graph-node.ts";
import { readGraph } from "../graphs/tensorflow/graph-reader.ts";
import { readGraphDef } from "./graph-def.ts";
import { constantOf } from "./saved-model-checkpoint.ts";

const WHAT = "frozen graph";

/** @throws FormatError, UnsupportedError, LimitError */
export function open(source: FileSource): Checkpoint {
  const graph = readGraphDef(source.bytes);
  const file = { what: WHAT, graph, tensor: constantOf, fileSize: source.bytes.length };
  const built = readGraph(file, lastNodes(graph.nodes, WHAT));
  return { format: "TensorFlow frozen graph", origin: "tensorflow", tensors: [...built.weights.values()], ...built };
}
