/** TensorFlow's SavedModel: a folder of a saved_model.pb and a checkpoint of its variables, read into a model of Keras's layers. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type GraphNode, unreadGraph } from "../graphs/tensorflow/graph-node.ts";
import { readGraph } from "../graphs/tensorflow/graph-reader.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { unlessUnsupported } from "../unread.ts";
import { type Bundle, readBundle } from "./bundle.ts";
import { readGraphDef } from "./graph-def.ts";
import { restoredNames, variableName } from "./restored.ts";
import { type MetaGraph, type Signature, readSavedModel } from "./saved-model-proto.ts";
import { readTensor } from "./tensor-proto.ts";

/** What a user can do with a graph that is not read. */
const ADVICE =
  'In Python, `tf.keras.models.load_model(folder).save("model.keras")` saves what Keras 2 wrote as a file that is read here; ' +
  "a graph that Keras did not write can be a layer there: `keras.layers.TFSMLayer(folder)`.";

/** @throws FormatError, LimitError; UnsupportedError, which says what else can be done. */
export async function open(source: FileSource): Promise<Checkpoint> {
  const { graph: message, signatures, restores } = servedOf(readSavedModel(source.bytes));
  const graph = readGraphDef(message);
  const bundle = await variablesBeside(source);
  const names = restoredNames(graph, restores);
  const tensor = (node: GraphNode): StoredTensor => {
    if (node.operator.endsWith("Const")) return constantOf(node);
    const stored = bundle?.tensors.get(names.get(variableName(node)) ?? "");
    if (stored !== undefined) return stored;
    throw formatError(
      bundle === undefined
        ? "The SavedModel's variables are missing: 'variables/variables.index' beside 'saved_model.pb'. Open the whole folder, a zip archive of it, or all of its files."
        : `The SavedModel has no value for its variable '${node.name.slice(0, 200)}'.`,
    );
  };
  const file = { what: "SavedModel", graph, tensor, fileSize: source.bytes.length + (bundle?.size ?? 0) };
  const tensors = bundle?.tensors ?? new Map<string, StoredTensor>();
  const common = { format: "TensorFlow SavedModel", origin: "tensorflow", tensors: [...tensors.values()] } as const;
  return unlessUnsupported<Checkpoint>(
    () => ({ ...common, ...readGraph(file, outputsOf(signatureOf(signatures))) }),
    (problem) => {
      const reason = `${problem.replace(/\.?$/, ".")} ${ADVICE}`;
      const ends = [...signatures.values()];
      const inputs = new Set(ends.flatMap((signature) => signature.inputs.map(({ reference }) => reference)));
      const outputs = ends.flatMap((signature) => signature.outputs.map(({ key }) => key));
      const taken = new Map([...graph.nodes].filter(([name]) => inputs.has(`${name}:0`)));
      return { ...common, ...unreadGraph(taken, outputs.slice(0, 10), reason), weights: tensors };
    },
  );
}

/** The value of a node that is a constant. */
export function constantOf(node: GraphNode): StoredTensor {
  const message = node.attributes.tensor("value");
  if (message !== undefined) return readTensor(message, node.name);
  throw formatError(`The constant '${node.name.slice(0, 200)}' of the graph has no value.`);
}

/** The graph for predictions: that of the tag `serve`, else one without `train`. */
function servedOf(graphs: readonly MetaGraph[]): MetaGraph {
  const served =
    graphs.find(({ tags }) => tags.includes("serve") && !tags.includes("train")) ??
    graphs.find(({ tags }) => !tags.includes("train")) ??
    graphs[0];
  if (served !== undefined) return served;
  throw formatError("The SavedModel has no graph in it: the file is truncated or broken.");
}

const VARIABLES = "variables.index";

/** The checkpoint in the folder `variables`, or, among files without their folders, beside. */
async function variablesBeside(source: FileSource): Promise<Bundle | undefined> {
  for (const folder of ["variables/", ""]) {
    // oxlint-disable-next-line no-await-in-loop -- the second place is looked at if the first has none
    const index = await source.sibling(folder + VARIABLES);
    // oxlint-disable-next-line no-await-in-loop -- it is the last
    if (index !== undefined) return await readBundle(index, folder + VARIABLES, source.sibling);
  }
  return undefined;
}

/** The signatures that say what the model gives, the first one best: TensorFlow 2's and Keras 3's, then TensorFlow Hub's of TensorFlow 1. */
const PREFERRED: readonly string[] = ["serving_default", "serve", "default"];

function signatureOf(signatures: ReadonlyMap<string, Signature>): Signature {
  const named = PREFERRED.flatMap((name) => signatures.get(name) ?? []);
  const useful = [...signatures].filter(([name, { inputs }]) => !name.startsWith("__") && inputs.length > 0);
  const [[, only] = [], another] = useful;
  const signature = named[0] ?? (another === undefined ? only : undefined);
  if (signature !== undefined) return signature;
  throw unsupportedError(
    useful.length === 0
      ? "The SavedModel has no signature that says what it takes and what it gives: it was saved without its function for predictions."
      : `The SavedModel has several signatures, of which none is called serving_default: ${useful
          .map(([name]) => name.slice(0, 40))
          .slice(0, 10)
          .join(", ")}.`,
  );
}

/** The outputs in the order in which their node gives them. */
function outputsOf({ outputs }: Signature): readonly string[] {
  if (outputs.length === 0) throw formatError("The SavedModel's signature has no outputs.");
  const place = (reference: string): number => Number(/:(\d+)$/.exec(reference)?.[1] ?? 0);
  return outputs.map(({ reference }) => reference).toSorted((a, b) => place(a) - place(b));
}
