/** ONNX's operators with weights, but for convolutions: products with matrices, normalization. */
import { formatShape } from "../../../core/shape.ts";
import { elementCount } from "../../bytes/element-count.ts";
import { reshaped, transposed } from "../../derived-tensor.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import type { Operator } from "./constants.ts";
import { type OnnxOperation, type ValueItem, isOurOrder, onnxShape, valueItem } from "../operation.ts";
import { shortest } from "./shapes.ts";

function batchNormalization(operation: OnnxOperation): ValueItem {
  const x = operation.value(0);
  if (x.axes[1] !== x.axes.length - 1) {
    throw operation.unsupported(`takes channels at axis 1 of ${formatShape(onnxShape(x))}.`);
  }
  const outputs = operation.node.outputs.filter((name) => name !== "");
  if (operation.integer("training_mode", 0) !== 0 || operation.integer("spatial", 1) !== 1 || outputs.length > 1) {
    throw operation.unsupported("is in training mode, or normalizes each place alone (spatial=0).");
  }
  const weights = {
    gamma: operation.constant(1),
    beta: operation.constant(2),
    mean: operation.constant(3),
    variance: operation.constant(4),
    epsilon: shortest(operation.float("epsilon", 1e-5)),
  };
  return { ...x, value: operation.builder.batchNormalization(x.value, weights, operation.hint) };
}

/** alpha × x × matrix + beta × bias. */
function gemm(operation: OnnxOperation): ValueItem {
  const x = operation.value(0);
  const matrix = operation.constant(1);
  const bias = operation.optionalConstant(2);
  if (operation.integer("transA", 0) !== 0 || x.axes.length !== 2 || !isOurOrder(x) || matrix.shape.length !== 2) {
    throw operation.unsupported(
      `multiplies a value of shape ${formatShape(onnxShape(x))} by a tensor of shape ${formatShape(matrix.shape)}, one of them transposed: a Dense layer does not.`,
    );
  }
  const kernel = operation.integer("transB", 0) === 0 ? matrix : transposed(matrix, [1, 0]);
  const units = kernel.shape[1] ?? 0;
  const value = operation.builder.dense(
    x.value,
    scaled(kernel, operation.float("alpha", 1)),
    bias && scaled(asVector(operation, bias, units), operation.float("beta", 1)),
    operation.hint,
  );
  return valueItem(value);
}

function scaled(tensor: StoredTensor, factor: number): StoredTensor {
  if (factor === 1) return tensor;
  return { ...tensor, read: () => tensor.read().map((value) => value * factor) };
}

/** A bias for each unit, or one for all. */
function asVector(operation: OnnxOperation, bias: StoredTensor, units: number): StoredTensor {
  const count = elementCount(bias.shape);
  const isRow = bias.shape.slice(0, -1).every((length) => length === 1);
  if (isRow && count === units) return reshaped(bias, [units]);
  if (count !== 1) throw operation.unsupported(`adds a tensor of shape ${formatShape(bias.shape)}.`);
  return { ...bias, shape: [units], read: () => new Float32Array(units).fill(bias.read()[0] ?? NaN) };
}

function matMul(operation: OnnxOperation): ValueItem {
  return product(operation, operation.value(0), operation.constant(1));
}

/** A value times a matrix, along its last axis. */
export function product(operation: OnnxOperation, x: ValueItem, matrix: StoredTensor): ValueItem {
  const [inputs = 0, units = 0] = matrix.shape.slice(-2);
  const isMatrix = matrix.shape.length >= 2 && elementCount(matrix.shape) === inputs * units;
  if (!isMatrix || matrix.shape.length > Math.max(2, x.axes.length) || !isOurOrder(x)) {
    throw operation.unsupported(
      `multiplies a value of shape ${formatShape(onnxShape(x))} by a tensor of shape ${formatShape(matrix.shape)}; ` +
        "read are matrices, and values whose last axis they take.",
    );
  }
  return valueItem(operation.builder.dense(x.value, reshaped(matrix, [inputs, units]), undefined, operation.hint));
}

export const WEIGHT_OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["BatchNormalization", batchNormalization],
  ["Gemm", gemm],
  ["MatMul", matMul],
]);
