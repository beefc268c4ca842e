/** The layers of a model that are no models themselves. */
import type { Layer } from "../layers/layer.ts";
import { Network } from "./network.ts";

/** Each with the names of the models around before its own. */
export function leafLayers(network: Network, prefix = ""): readonly (readonly [path: string, layer: Layer])[] {
  return network.layers.flatMap((layer) =>
    layer instanceof Network ? leafLayers(layer, `${prefix}${layer.name}/`) : [[prefix + layer.name, layer] as const],
  );
}
