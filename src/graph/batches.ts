/** Checks the tensors that a model is called with and converts them to float32 batches; errors are in Keras's words. */
import { show, valueError } from "../core/errors.ts";
import { type Dims, type Shape, formatShape, shapesCompatible } from "../core/shape.ts";
import { TENSOR, Tensor } from "../core/tensor.ts";
import type { Network } from "./network.ts";

/**
 * The given tensors as float32 batches, one for each input of the model.
 * @throws ValueError if their number, their shapes or their batch sizes do not fit.
 */
export function batchesOf(x: Tensor | readonly Tensor[], model: Network): readonly Tensor<Float32Array>[] {
  const given: unknown = x instanceof Tensor ? [x] : x;
  if (!isTensors(given)) {
    throw valueError(
      `Layer "${model.name}" expects a tensor or a list of tensors. Received: ${show(x)}. Of a data set, take the \`x\` of its batches.`,
    );
  }
  const { inputs } = model.graph;
  if (given.length !== inputs.length) {
    throw valueError(
      `Layer "${model.name}" expects ${inputs.length} input(s), but it received ${given.length} input tensors.`,
    );
  }
  const batches = given.map((tensor, i) => asBatch(tensor, inputs[i]?.shape ?? [], i, model));
  const count = batches[0]?.shape[0] ?? 0;
  for (const batch of batches) {
    if (batch.shape[0] !== count) {
      const counts = batches.map((tensor) => String(tensor.shape[0])).join(", ");
      throw valueError(
        `Data cardinality is ambiguous. Make sure all arrays contain the same number of samples. Received: ${counts}`,
      );
    }
  }
  return batches;
}

/** The tensor as float32, with the rank of the model's input. */
function asBatch(tensor: Tensor, expected: Shape, index: number, model: Network): Tensor<Float32Array> {
  const withBatch = batchShape(tensor.shape, expected);
  if (withBatch === undefined || !shapesCompatible(expected.with(0, null), withBatch)) {
    throw valueError(
      `Input ${index} with name '${model.inputs[index]?.node.layer.name ?? ""}' of layer '${model.name}' is incompatible with the layer: ` +
        `expected shape=${formatShape(expected)}, found shape=${formatShape(tensor.shape)}`,
    );
  }
  return tensor.toFloat32().reshape(withBatch);
}

function batchShape(given: Dims, expected: Shape): Dims | undefined {
  if (given.length === expected.length) return given;
  if (given.length === expected.length - 1) {
    if (shapesCompatible(expected.slice(1), given)) return [1, ...given];
    // Keras treats a batch of gray pictures without their last axis the same way.
    if (expected.at(-1) === 1) return [...given, 1];
  }
  return given.length === expected.length + 1 && given.at(-1) === 1 ? given.slice(0, -1) : undefined;
}

function isTensors(values: unknown): values is readonly Tensor[] {
  return Array.isArray(values) && values.length > 0 && Array.from(values).every(TENSOR[1]);
}
