/** The names that Keras 3's `model.export` gives scopes: it traces a model a second time, so that each ends in `_1`, as in `functional_1/conv2d_1`. */
import type { GraphNode } from "./graph-node.ts";

const SUFFIX = /_1$/;

/** Learns from the nodes of a graph whether Keras 3 exported it: it calls its convolutions `convolution`, where Keras 2 has `Conv2D`. */
export class ExportedNames {
  #hasConvolution = false;
  #isSuffixed = true;

  see({ name, operator }: GraphNode): void {
    const [model, layer, ...rest] = name.split("/");
    if (model === undefined || layer === undefined || rest.length === 0) return;
    if (operator === "Conv2D" && rest.at(-1) === "convolution") this.#hasConvolution = true;
    if (!SUFFIX.test(model) || !SUFFIX.test(layer)) this.#isSuffixed = false;
  }

  /** The name of the layer, from that of its scope. */
  layerName(scope: string): string {
    return this.#hasConvolution && this.#isSuffixed ? scope.replace(SUFFIX, "") : scope;
  }
}
