/** What a graph's layers are held against while they are made: shapes that fit, and a size that the file can have. */
import { MobileNetV2Error, messageOf } from "../../core/errors.ts";
import { type Shape, formatShape, shapesEqual } from "../../core/shape.ts";
import type { Layer, LayerConfig } from "../../layers/layer.ts";
import { layerFromConfig } from "../../layers/registry.ts";
import { elementCount } from "../bytes/element-count.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { Value } from "./value.ts";

/** Weights that a model may have beyond those of the file: of normalizations that stand for a scale or an offset. */
const MAX_ADDED = 2 ** 20;

/** A weight takes a byte or more. A file with fewer bytes than weights uses the same ones for many layers, to fill the memory. */
export function checkSize(weights: readonly (readonly [string, StoredTensor])[], fileSize: number): void {
  const count = weights.reduce((sum, [, { shape }]) => sum + elementCount(shape), 0);
  if (count <= fileSize + MAX_ADDED) return;
  throw new MobileNetV2Error(
    "LimitError",
    `The layers have ${count} weights, but the file has only ${fileSize} bytes.`,
  );
}

export function outputShape(className: string, hint: string, config: LayerConfig, inputs: readonly Value[]): Shape {
  const layer = layerOf(className, hint, config);
  try {
    return layer.computeOutputShape(inputs.map(({ shape }) => shape));
  } catch (error) {
    throw formatError(`'${hint}' makes no ${className} layer: ${messageOf(error)}`, { cause: error });
  }
}

/** Frameworks let some operators have arguments that Keras's layer refuses, such as strides together with dilations. */
function layerOf(className: string, hint: string, config: LayerConfig): Layer {
  try {
    return layerFromConfig(className, { ...config, name: "layer" });
  } catch (error) {
    throw unsupportedError(`'${hint}' is no ${className} layer of Keras: ${messageOf(error)}`);
  }
}

export function expectVector(tensor: StoredTensor | undefined, length: number, hint: string): void {
  if (tensor !== undefined && !shapesEqual(tensor.shape, [length])) {
    throw formatError(
      `Tensor '${tensor.name}' of '${hint}' has the shape ${formatShape(tensor.shape)}; it needs ${formatShape([length])}.`,
    );
  }
}
