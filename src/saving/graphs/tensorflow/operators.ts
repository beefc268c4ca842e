/** TensorFlow's operators as layers: those of graph models of TensorFlow.js, of SavedModels, and of frozen graphs. */
import { formatShape } from "../../../core/shape.ts";
import { transposed } from "../../derived-tensor.ts";
import type { Arithmetic } from "../arithmetic.ts";
import { isConstant, isValue } from "../tensorflow-operation.ts";
import { arithmetic, bounded, pictureMean } from "../tensorflow-operators.ts";
import { ACTIVATIONS, fused, leakyRelu, normalized, plus } from "./activations.ts";
import { FOLDED, folded } from "./constants.ts";
import { scaledByInverse, shiftedByMean } from "./normalization.ts";
import type { Item, Operation, Operator } from "./operation.ts";
import { expandDims, pack, reshape, shapeNumbers, squeeze, stridedSlice, transpose } from "./shapes.ts";
import { averagePool, convolution, depthwise, pad } from "./windows.ts";

function matMul(operation: Operation): Item {
  const { builder, attributes, hint } = operation;
  const x = operation.value(0);
  if (attributes.boolean("transpose_a")) throw operation.unsupported("transposes its input.");
  const matrix = operation.constant(1);
  const kernel = attributes.boolean("transpose_b") ? transposed(matrix, [1, 0]) : matrix;
  return fused(operation, builder.dense(x, kernel, undefined, hint));
}

function biasAdd(operation: Operation): Item {
  operation.expectChannelsLast();
  return plus(operation, operation.value(0), operation.constant(1));
}

function batchNormalization(operation: Operation): Item {
  operation.expectChannelsLast();
  if (operation.attributes.boolean("is_training")) throw operation.unsupported("is in training mode.");
  return normalized(operation, operation.value(0), 1);
}

/** Sums and products of parts of a normalization are put together again; others are of a value and a constant, or the sum of two values. */
function calculation(kind: Arithmetic): Operator {
  return (operation) => {
    const [a, b] = [operation.optional(0), operation.optional(1)];
    const [x, constant] = isValue(a) ? [a, b] : [b, a];
    if (isValue(x) && isConstant(constant)) {
      const part = kind === "multiply" ? scaledByInverse : kind === "add" ? shiftedByMean : undefined;
      const value = part?.(operation, x, constant);
      if (value !== undefined) return value;
    }
    if (kind === "multiply" && isValue(a) && isValue(b)) {
      const gate = [a, b].find(
        ({ className, config }) => className === "Activation" && config.activation === "sigmoid",
      );
      const gated = a === gate ? b : a;
      if (gate?.inputs[0] === gated) return operation.builder.activation(gated, "silu", operation.hint);
    }
    return arithmetic(operation, kind);
  };
}

function sum(operation: Operation): Item {
  const values = Array.from({ length: operation.inputCount }, (_, i) => operation.value(i));
  const [first, ...others] = values;
  if (first === undefined) throw operation.broken("adds nothing.");
  return others.length === 0 ? first : operation.builder.layer("Add", operation.hint, {}, values);
}

function largest(operation: Operation): Item {
  const x = operation.value(0);
  const axes = operation.axes(operation.known(1), x.shape.length);
  if (x.shape.length !== 4 || axes.toSorted((a, b) => a - b).join() !== "1,2") {
    throw operation.unsupported(`is over the axes [${axes.join(", ")}]; read is the maximum over rows and columns.`);
  }
  const keepdims = operation.attributes.boolean("keep_dims");
  return operation.builder.layer("GlobalMaxPooling2D", operation.hint, { keepdims }, [x]);
}

function same(operation: Operation): Item {
  const x = operation.optional(0);
  if (x !== undefined) return x;
  throw operation.broken("takes nothing.");
}

function cast(operation: Operation): Item {
  const dtype = operation.attributes.dtype("DstT") ?? "float32";
  const x = same(operation);
  if (isValue(x) && !dtype.includes("float")) throw operation.unsupported(`rounds values to ${dtype}.`);
  return x;
}

/** Whatever is computed of constants alone is a constant. */
function orFolded([name, operator]: readonly [string, Operator]): readonly [string, Operator] {
  if (!FOLDED.includes(name)) return [name, operator];
  return [name, (operation) => (isOfConstants(operation) ? folded(operation) : operator(operation))];
}

function isOfConstants(operation: Operation): boolean {
  const inputs = Array.from({ length: operation.inputCount }, (_, i) => operation.optional(i));
  return inputs.length > 0 && inputs.every(isConstant);
}

const ofConstantsAlone: Operator = (operation) => {
  const { shape: given } = operation.value(0);
  throw operation.unsupported(`is of a computed value of the shape ${formatShape(given)}; read is that of constants.`);
};

/** How each operator is read, by TensorFlow's name of it. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>(
  (
    [
      ...[...ACTIVATIONS].map(
        ([name, activate]) =>
          [name, (operation: Operation) => activate(operation.builder, operation.value(0), operation.hint)] as const,
      ),
      ["Add", calculation("add")],
      ["AddN", sum],
      ["AddV2", calculation("add")],
      ["AvgPool", averagePool],
      ["BiasAdd", biasAdd],
      ["Cast", cast],
      ["CheckNumerics", same],
      ["Conv2D", convolution],
      ["DepthwiseConv2dNative", depthwise],
      ["ExpandDims", expandDims],
      ["FusedBatchNorm", batchNormalization],
      ["FusedBatchNormV2", batchNormalization],
      ["FusedBatchNormV3", batchNormalization],
      ["FusedDepthwiseConv2dNative", depthwise],
      ["Identity", same],
      ["LeakyRelu", (operation: Operation) => leakyRelu(operation, operation.value(0), "alpha")],
      ["MatMul", matMul],
      ["Max", largest],
      ["Maximum", (operation: Operation) => bounded(operation, "low")],
      ["Mean", (operation: Operation) => pictureMean(operation, operation.attributes.boolean("keep_dims"))],
      ["Minimum", (operation: Operation) => bounded(operation, "high")],
      ["Mul", calculation("multiply")],
      ["Neg", (operation: Operation) => operation.builder.affine(operation.value(0), -1, 0, operation.hint)],
      ["Pack", pack],
      ["Pad", pad],
      ["PadV2", pad],
      ["PlaceholderWithDefault", same],
      ["PreventGradient", same],
      ["ReadVariableOp", same],
      ["RealDiv", calculation("divide")],
      ["Reciprocal", ofConstantsAlone],
      ["Reshape", reshape],
      ["Rsqrt", ofConstantsAlone],
      ["Shape", shapeNumbers],
      ["Snapshot", same],
      ["Sqrt", ofConstantsAlone],
      ["Square", ofConstantsAlone],
      ["Squeeze", squeeze],
      ["StopGradient", same],
      ["StridedSlice", stridedSlice],
      ["Sub", calculation("subtract")],
      ["Transpose", transpose],
      ["_FusedConv2D", convolution],
      ["_FusedMatMul", matMul],
    ] satisfies readonly (readonly [string, Operator])[]
  ).map(orFolded),
);
