/** The functional graph between symbolic inputs and outputs: its nodes in an order in which they can run, its layers in Keras's order. */
import { valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import type { KerasTensor, Layer, Node } from "../layers/layer.ts";

/** The graph of a model. Its lists are frozen. */
export interface Graph {
  /** The symbolic inputs, in the given order. */
  readonly inputs: readonly KerasTensor[];
  /** The symbolic outputs, in the given order. */
  readonly outputs: readonly KerasTensor[];
  /** Every node between inputs and outputs, each after the nodes that it depends on. */
  readonly nodes: readonly Node[];
  /** Every layer once, in the order of Keras's `model.layers`. */
  readonly layers: readonly Layer[];
}

/**
 * Follows `outputs` back to `inputs`, which must be tensors of InputLayers.
 *
 * Layers are sorted as Keras sorts them (keras.src.ops.function.map_graph): by depth, which is the length of the longest path to an output,
 * then by the order in which a depth-first walk from the outputs meets them.
 *
 * @throws ValueError if an output depends on something other than the inputs, or if two layers share a name.
 */
export function buildGraph(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): Graph {
  const { nodes, met } = walk(inputs, outputs);
  const layers = layersByDepth(nodes, met);
  for (const input of inputs) {
    if (!layers.includes(input.node.layer)) layers.push(input.node.layer);
  }
  const names = new Set<string>();
  for (const layer of layers) {
    if (names.has(layer.name)) {
      const times = layers.filter((other) => other.name === layer.name).length;
      throw valueError(
        `The name "${layer.name}" is used ${times} times in the model. All operation names should be unique.`,
      );
    }
    names.add(layer.name);
    keepArguments(layer);
  }
  return frozen({ inputs, outputs, nodes, layers });
}

/** A layer's weights and its part in the program come from the arguments it was made with: in a model, none can be set any more. */
function keepArguments(layer: Layer): void {
  if ("graph" in layer) return;
  for (const name of Object.keys(layer.getConfig())) {
    const own = Object.getOwnPropertyDescriptor(layer, name);
    if (own?.writable !== true) continue;
    const value: unknown = own.value;
    const set = (): never => {
      throw valueError(
        `\`${name}\` of layer '${layer.name}' is as it was made: a layer of a model cannot be changed. Make another.`,
      );
    };
    Object.defineProperty(layer, name, { get: () => value, set });
  }
}

interface Walk {
  /** The nodes in an order in which they can run. */
  readonly nodes: readonly Node[];
  /** The position of each layer in the order in which the walk first met it. */
  readonly met: ReadonlyMap<Layer, number>;
}

/** Walks depth first, with a stack of its own, so that graphs may be as deep as memory allows. */
function walk(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): Walk {
  const sources = new Set(inputs.map((input) => input.node));
  const nodes: Node[] = [];
  const finished = new Set<Node>();
  const met = new Map<Layer, number>();
  for (const output of outputs) {
    const stack: { readonly node: Node; next: number }[] = [];
    const enter = (node: Node): void => {
      if (finished.has(node)) return;
      if (node.inputs.length === 0 && !sources.has(node)) {
        throw valueError(
          `Graph disconnected: cannot find parent for the tensor of input layer '${node.layer.name}'. ` +
            `The model's inputs are: ${inputs.map((input) => `'${input.node.layer.name}'`).join(", ")}.`,
        );
      }
      if (!met.has(node.layer)) met.set(node.layer, met.size);
      stack.push({ node, next: 0 });
    };
    enter(output.node);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input !== undefined) {
        enter(input.node);
      } else {
        stack.pop();
        if (finished.has(top.node)) continue;
        finished.add(top.node);
        nodes.push(top.node);
      }
    }
  }
  return { nodes, met };
}

function layersByDepth(nodes: readonly Node[], met: ReadonlyMap<Layer, number>): Layer[] {
  const nodeDepth = new Map<Node, number>();
  const layerDepth = new Map<Layer, number>();
  for (const node of nodes.toReversed()) {
    const depth = Math.max(nodeDepth.get(node) ?? 0, layerDepth.get(node.layer) ?? 0);
    layerDepth.set(node.layer, depth);
    for (const input of node.inputs) {
      nodeDepth.set(input.node, Math.max(nodeDepth.get(input.node) ?? 0, depth + 1));
    }
  }
  const order = (layer: Layer): number => met.get(layer) ?? -1;
  return [...layerDepth.keys()].toSorted(
    (a, b) => (layerDepth.get(b) ?? 0) - (layerDepth.get(a) ?? 0) || order(a) - order(b),
  );
}
