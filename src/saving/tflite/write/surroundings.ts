/** What all operators are written with. */
import type { Layer } from "../../../layers/layer.ts";
import type { Operation } from "../../../lowering/operations.ts";
import type { QuantizedNetwork } from "../../../quantization/network.ts";
import type { WeightType } from "../../checkpoint.ts";
import type { TfliteGraph } from "./graph.ts";
import type { Values } from "./values.ts";

export interface Surroundings {
  readonly graph: TfliteGraph;
  readonly values: Values;
  /** The type of the kernels that stay floats. */
  readonly dtype: WeightType;
  readonly network: QuantizedNetwork | undefined;
  /** The name of an operation: the path of its layer. */
  readonly nameOf: (operation: Operation) => string;
  /** The layer that a value comes out of, if it is one of the program's. */
  readonly layerOf: (value: number) => Layer | undefined;
}
