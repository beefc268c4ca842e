/** The message of a saved_model.pb (saved_model.proto, meta_graph.proto): one or several graphs, with signatures of what they take and give. */
import { type Field, fieldsOf, messageOf, textOf } from "../bytes/protobuf.ts";
import { formatError } from "../file-errors.ts";
import { entryOf } from "./graph-def.ts";

/** A tensor that a signature names: a reference to a node, by the name that a caller uses. */
export interface SignatureTensor {
  readonly key: string;
  readonly reference: string;
}

export interface Signature {
  readonly inputs: readonly SignatureTensor[];
  readonly outputs: readonly SignatureTensor[];
}

export interface MetaGraph {
  readonly tags: readonly string[];
  /** The message of the graph. */
  readonly graph: Uint8Array;
  readonly signatures: ReadonlyMap<string, Signature>;
  /** The node that gives variables their values; undefined if there are none. */
  readonly restores: string | undefined;
}

const MAX_GRAPHS = 100;
const MAX_TENSORS = 1000;

/** @throws FormatError */
export function readSavedModel(bytes: Uint8Array): readonly MetaGraph[] {
  const graphs: MetaGraph[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number !== 2) continue;
    if (graphs.push(readMetaGraph(messageOf(field))) > MAX_GRAPHS) {
      throw formatError(`The SavedModel has more than ${MAX_GRAPHS} graphs.`);
    }
  }
  return graphs;
}

function readMetaGraph(message: Uint8Array): MetaGraph {
  let tags: readonly string[] = [];
  let graph: Uint8Array = new Uint8Array();
  let restores: string | undefined;
  const signatures = new Map<string, Signature>();
  for (const field of fieldsOf(message)) {
    if (field.number === 1) tags = textsIn(messageOf(field), 4);
    else if (field.number === 2) graph = messageOf(field);
    else if (field.number === 3) [restores] = textsIn(messageOf(field), 3);
    else if (field.number === 5) {
      const [key, value] = entryOf(messageOf(field));
      if (value !== undefined && signatures.size < MAX_TENSORS) signatures.set(key, readSignature(messageOf(value)));
    }
  }
  return { tags, graph, signatures, restores };
}

function textsIn(message: Uint8Array, number: number): readonly string[] {
  const fields = [...fieldsOf(message)].filter((field) => field.number === number);
  return fields.slice(0, MAX_TENSORS).map(textOf);
}

function readSignature(message: Uint8Array): Signature {
  const inputs: SignatureTensor[] = [];
  const outputs: SignatureTensor[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === 1) inputs.push(...tensorIn(field));
    else if (field.number === 2) outputs.push(...tensorIn(field));
    if (inputs.length + outputs.length > MAX_TENSORS) throw formatError("A signature has too many tensors.");
  }
  return { inputs, outputs };
}

/** The tensor of an entry; none if it is a sparse one, which has no name. */
function tensorIn(field: Field): readonly SignatureTensor[] {
  const [key, value] = entryOf(messageOf(field));
  const [reference] = value === undefined ? [] : textsIn(messageOf(value), 1);
  return reference === undefined ? [] : [{ key, reference }];
}
