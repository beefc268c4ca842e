/** A layer while a graph is built. */
import type { Shape } from "../../core/shape.ts";
import type { LayerConfig } from "../../layers/layer.ts";
import type { StoredTensor } from "../stored-tensor.ts";

/** What a layer gives, and the layer itself: it is applied once. */
export interface Value {
  readonly className: string;
  /** What the file calls it. */
  readonly hint: string;
  readonly config: LayerConfig;
  readonly inputs: readonly Value[];
  /** Batch first, channels last. */
  readonly shape: Shape;
  readonly weights: ReadonlyMap<string, StoredTensor>;
}
