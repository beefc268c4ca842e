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
  const applications = new Map<Layer, Node[]>();
  for (const layer of layers) {
    const own = new Set(nodes.filter((node) => node.layer === layer));
    applications.set(
      layer,
      layer.inboundNodes.filter((node) => own.has(node)),
    );
  }
  const referenceTo = (tensor: KerasTensor): TensorReference => ({
    layer: tensor.node.layer.name,
    node: Math.max(0, applications.get(tensor.node.layer)?.indexOf(tensor.node) ?? 0),
    output: tensor.index,
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
