/** A layer while a graph is built. */
import type { Shape } from "../../core/shape.ts";
import type { LayerConfig } from "../../layers/layer.ts";
import type { StoredTensor } from "../stored-tensor.ts";

/** The value that a layer gives, and with it the layer, which is applied once. */
export interface Value {
  readonly className: string;
  /** What the file calls it: its name is made of this. */
  readonly hint: string;
  readonly config: LayerConfig;
  readonly inputs: readonly Value[];
  /** Batch first, channels last. */
  readonly shape: Shape;
  readonly weights: ReadonlyMap<string, StoredTensor>;
}
