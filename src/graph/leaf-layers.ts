/** The layers of a model that are not models themselves. */
import type { Layer } from "../layers/layer.ts";
import { Network } from "./network.ts";

/** Every such layer with its path: its name, after the names of the nested models that it lies in, joined by `/`. */
export function leafLayers(network: Network, prefix = ""): readonly (readonly [path: string, layer: Layer])[] {
  return network.layers.flatMap((layer) =>
    layer instanceof Network ? leafLayers(layer, `${prefix}${layer.name}/`) : [[prefix + layer.name, layer] as const],
  );
}
