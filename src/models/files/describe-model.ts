/** The description of a model, which all file formats are written from; model-from-description.ts reads it. */
import type { Tensor } from "../../core/tensor.ts";
import { leafLayers } from "../../graph/leaf-layers.ts";
import { Network } from "../../graph/network.ts";
import { InputLayer } from "../../layers/core/input-layer.ts";
import type { KerasTensor, Layer, Node } from "../../layers/layer.ts";
import type { LayerDescription, ModelDescription, TensorReference } from "../../saving/checkpoint.ts";

/** Describes a model. @throws ValueError if a Sequential model has no input shape yet. */
export function describeModel(network: Network): ModelDescription {
  const { nodes, inputs, outputs, layers } = network.graph;
  // Layers may have been applied in other models too.
  const own = new Set(nodes);
  const applications = new Map<Layer, readonly Node[]>();
  const numbers = new Map<Node, number>();
  for (const layer of layers) {
    const calls = layer.inboundNodes.filter((node) => own.has(node));
    applications.set(layer, calls);
    for (const [number, node] of calls.entries()) numbers.set(node, number);
  }
  const referenceTo = ({ node, index }: KerasTensor): TensorReference => ({
    layer: node.layer.name,
    node: numbers.get(node) ?? 0,
    output: index,
  });
  return {
    className: network.className === "Sequential" ? "Sequential" : "Functional",
    name: network.name,
    trainable: network.trainable,
    layers: layers.map((layer): LayerDescription => {
      const calls = layer instanceof InputLayer ? [] : (applications.get(layer) ?? []);
      const common = {
        className: layer.className,
        name: layer.name,
        nodes: calls.map((node) => node.inputs.map(referenceTo)),
        ...(calls.some((node) => node.training !== undefined) && {
          training: calls.map((node) => node.training ?? null),
        }),
      };
      return layer instanceof Network
        ? { ...common, config: {}, model: describeModel(layer) }
        : { ...common, config: layer.getConfig() };
    }),
    inputs: inputs.map(referenceTo),
    outputs: outputs.map(referenceTo),
  };
}

/** The values of all weights by their paths, `layer/weight`. The arrays are the model's own, not copies. */
export function weightsByPath(network: Network): ReadonlyMap<string, Tensor<Float32Array>> {
  return new Map(
    leafLayers(network).flatMap(([path, layer]) =>
      layer.weights.map((weight) => [`${path}/${weight.name}`, weight.tensor] as const),
    ),
  );
}
