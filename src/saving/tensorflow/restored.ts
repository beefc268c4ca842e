/**
 * Which tensor of its checkpoint each variable of a SavedModel has: what its own graph for loading it says, in a function in TensorFlow 2,
 * in the graph itself in TensorFlow 1.
 */
import type { GraphNode, TensorFlowGraph } from "../graphs/tensorflow/graph-node.ts";
import { type Place, Places } from "../graphs/tensorflow/places.ts";
import { textsOf } from "./tensor-proto.ts";

const ASSIGNS: readonly string[] = ["Assign", "AssignVariableOp"];
/** The most that an exporter puts between a value and the variable that gets it. */
const MAX_IDENTITIES = 10;

/** A variable's name: that which several nodes share if they are one variable, else that of its node. */
export function variableName({ attributes, name }: GraphNode): string {
  return attributes.text("shared_name") || name;
}

/** The names in the checkpoint by the names of the variables. `restores` is the node that loads them. @throws FormatError, LimitError */
export function restoredNames(graph: TensorFlowGraph, restores: string | undefined): ReadonlyMap<string, string> {
  const places = new Places(graph, "SavedModel");
  const loader = graph.nodes.get((restores ?? "").replace(/:\d+$/, ""));
  const called = loader === undefined ? undefined : places.called(places.root, loader);
  const restored = new Map<Place["key"], readonly string[]>();
  const names = new Map<string, string>();
  /** Keras 3 saves a copy of each variable, which begins as what the variable is. */
  const originals = new Map<string, string>();
  for (const scope of called === undefined ? [places.root] : [places.root, called]) {
    for (const { operator, inputs } of scope.nodes.values()) {
      const [variable, value] = inputs;
      if (!ASSIGNS.includes(operator) || variable === undefined || value === undefined) continue;
      const source = behindIdentities(places, places.find(scope, value));
      if (source.node.operator === "ReadVariableOp") {
        const original = places.find(source.scope, source.node.inputs[0] ?? "").node;
        originals.set(variableName(places.find(scope, variable).node), variableName(original));
      }
      if (source.node.operator !== "RestoreV2") continue;
      // One node restores all of them, whose names are read once.
      const list = restored.get(source.key) ?? namesOf(places, source);
      restored.set(source.key, list);
      const name = list[source.output];
      if (name !== undefined) names.set(variableName(places.find(scope, variable).node), name);
    }
  }
  for (const [copy, original] of originals) {
    const name = names.get(copy);
    if (name !== undefined && !names.has(original)) names.set(original, name);
  }
  return names;
}

function behindIdentities(places: Places, start: Place): Place {
  let place = start;
  for (let i = 0; i < MAX_IDENTITIES && place.node.operator === "Identity"; i++) {
    place = places.find(place.scope, place.node.inputs[0] ?? "");
  }
  return place;
}

/** The names of the tensors that a RestoreV2 reads: its second input. */
function namesOf(places: Places, { node, scope }: Place): readonly string[] {
  const [, names] = node.inputs;
  const message = names === undefined ? undefined : places.find(scope, names).node.attributes.tensor("value");
  return message === undefined ? [] : textsOf(message);
}
