/** Frozen graphs of TensorFlow 1 (`.pb`): a GraphDef whose weights are constants, such as slim's `mobilenet_v2_1.0_224_frozen.pb`. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { lastNodes, unreadGraph } from "../graphs/tensorflow/graph-node.ts";
import { readGraph } from "../graphs/tensorflow/graph-reader.ts";
import { unlessUnsupported } from "../unread.ts";
import { readGraphDef } from "./graph-def.ts";
import { constantOf } from "./saved-model-checkpoint.ts";

const WHAT = "frozen graph";

/** What a user can do with a graph that is not read. */
const ADVICE =
  "In Python, `tf.compat.v1.import_graph_def` runs it; a MobileNetV2 is read from its checkpoint (`.ckpt.index`) as well.";

/** @throws FormatError, UnsupportedError, LimitError */
export function open(source: FileSource): Checkpoint {
  const graph = readGraphDef(source.bytes);
  const file = { what: WHAT, graph, tensor: constantOf, fileSize: source.bytes.length };
  const outputs = lastNodes(graph.nodes, WHAT);
  const common = { format: "TensorFlow frozen graph", origin: "tensorflow" } as const;
  return unlessUnsupported<Checkpoint>(
    () => {
      const built = readGraph(file, outputs);
      return { ...common, ...built, tensors: [...built.weights.values()] };
    },
    (reason) => ({
      ...common,
      ...unreadGraph(graph.nodes, outputs, `${reason.replace(/\.?$/, ".")} ${ADVICE}`),
      tensors: [],
      weights: new Map(),
    }),
  );
}
