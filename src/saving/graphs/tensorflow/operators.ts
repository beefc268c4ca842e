/** TensorFlow's operators as layers: those of graph models of TensorFlow.js, of SavedModels, and of frozen graphs. */
import { formatShape, shapesEqual } from "../../../core/shape.ts";
import { elementCount } from "../../bytes/element-count.ts";
import { reshaped, transposed } from "../../derived-tensor.ts";
import type { Arithmetic } from "../arithmetic.ts";
import { isComputed, isConstant } from "../tensorflow-operation.ts";
import { arithmetic, bounded, dense, eachValue, padded, pictureMean, reducedPicture } from "../tensorflow-operators.ts";
import { batchToSpace, spaceToBatch } from "../tensorflow-dilation.ts";
import { numberProduct } from "../tensorflow-shapes.ts";
import type { Value } from "../value.ts";
import { formatView, lastAxis } from "../view.ts";
import { ACTIVATIONS, fused, leakyRelu, normalized, plus } from "./activations.ts";
import { FOLDED, folded } from "./constants.ts";
import { scaledByInverse, shiftedByMean } from "./normalization.ts";
import type { Item, Operation, Operator } from "./operation.ts";
import { SHAPE_OPERATORS } from "./shapes.ts";
import { averagePool, convolution, depthwise, maxPool } from "./windows.ts";

/** Along the last axis; what comes before it stays. */
function matMul(operation: Operation): Item {
  const { attributes } = operation;
  if (attributes.boolean("transpose_a") || attributes.boolean("adj_x"))
    throw operation.unsupported("transposes its input.");
  const constant = operation.constant(1);
  const rows = constant.shape.slice(-2);
  if (rows.length < 2 || elementCount(constant.shape.slice(0, -2)) !== 1) {
    throw operation.unsupported(`multiplies by a tensor of shape ${formatShape(constant.shape)}; read is one matrix.`);
  }
  const isTransposed = attributes.boolean("transpose_b") || attributes.boolean("adj_y");
  const matrix = reshaped(constant, rows);
  const x = dense(operation, operation.tidy(0), isTransposed ? transposed(matrix, [1, 0]) : matrix, undefined);
  return { ...x, value: fused(operation, x.value) };
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
    const numbers = kind === "multiply" ? numberProduct(operation) : undefined;
    return numbers ?? normalization(operation, kind) ?? ofTwoValues(operation, kind) ?? arithmetic(operation, kind);
  };
}

function normalization(operation: Operation, kind: Arithmetic): Item | undefined {
  const part = kind === "multiply" ? scaledByInverse : kind === "add" ? shiftedByMean : undefined;
  const at = isComputed(operation.optional(0)) ? 0 : 1;
  const constant = operation.optional(1 - at);
  if (part === undefined || !isComputed(operation.optional(at)) || !isConstant(constant)) return undefined;
  const x = operation.tidy(at);
  const value = part(operation, x.value, constant);
  return value === undefined ? undefined : { ...x, value };
}

/** x × sigmoid(x), and a − b; other calculations with two values than sums are not read. */
function ofTwoValues(operation: Operation, kind: Arithmetic): Item | undefined {
  if (![0, 1].every((i) => isComputed(operation.optional(i)))) return undefined;
  const { builder, hint } = operation;
  const [a, b] = [operation.tidy(0), operation.tidy(1)];
  if (kind === "subtract" && shapesEqual(a.value.shape, b.value.shape) && a.axes.join(";") === b.axes.join(";")) {
    return { ...a, value: builder.add(a.value, builder.affine(b.value, -1, 0, `${hint}_negative`), hint) };
  }
  const [gate, x] = isSigmoid(a.value) ? [a, b] : [b, a];
  if (kind !== "multiply" || !isSigmoid(gate.value) || gate.value.inputs[0] !== x.value) return undefined;
  return { ...x, value: builder.activation(x.value, "silu", hint) };
}

function isSigmoid({ className, config }: Value): boolean {
  return className === "Activation" && config.activation === "sigmoid";
}

function sum(operation: Operation): Item {
  const values = Array.from({ length: operation.inputCount }, (_, i) => operation.value(i));
  const [first, ...others] = values;
  if (first === undefined) throw operation.broken("adds nothing.");
  return others.length === 0 ? first : operation.builder.layer("Add", operation.hint, {}, values);
}

function largest(operation: Operation): Item {
  return reducedPicture(operation, operation.attributes.boolean("keep_dims"), (x, keepdims) =>
    operation.builder.layer("GlobalMaxPooling2D", operation.hint, { keepdims }, [x]),
  );
}

function same(operation: Operation): Item {
  return operation.item(0);
}

function cast(operation: Operation): Item {
  const dtype = operation.attributes.dtype("DstT") ?? "float32";
  const x = operation.item(0);
  if (isComputed(x) && !dtype.includes("float")) throw operation.unsupported(`rounds values to ${dtype}.`);
  return x;
}

/** Along the last axis. */
function alongLast(name: string): Operator {
  return (operation) => {
    const x = operation.tidy(0);
    if (lastAxis(x, operation.batch) === x.value.shape.length - 1) {
      return { ...x, value: operation.builder.activation(x.value, name, operation.hint) };
    }
    throw operation.unsupported(`is along an axis of ${formatView(x)} that is no layer's.`);
  };
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
  throw operation.unsupported(
    `is of a computed value of the shape ${formatView(operation.view(0))}; read is that of constants.`,
  );
};

/** How each operator is read, by TensorFlow's name of it. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>(
  (
    [
      ...[...ACTIVATIONS].map(
        ([name, activate]) =>
          [name, eachValue(({ builder, hint }: Operation, x) => activate(builder, x, hint))] as const,
      ),
      ...SHAPE_OPERATORS,
      ["Add", calculation("add")],
      ["AddN", sum],
      ["AddV2", calculation("add")],
      ["AvgPool", averagePool],
      ["BatchMatMulV2", matMul],
      ["BatchToSpaceND", batchToSpace],
      ["BiasAdd", biasAdd],
      ["Cast", cast],
      ["CheckNumerics", same],
      ["Conv2D", convolution],
      ["DepthwiseConv2dNative", depthwise],
      ["FusedBatchNorm", batchNormalization],
      ["FusedBatchNormV2", batchNormalization],
      ["FusedBatchNormV3", batchNormalization],
      ["FusedDepthwiseConv2dNative", depthwise],
      ["Identity", same],
      ["LeakyRelu", eachValue((operation: Operation, x) => leakyRelu(operation, x, "alpha"))],
      ["LogSoftmax", alongLast("log_softmax")],
      ["MatMul", matMul],
      ["Max", largest],
      ["MaxPool", maxPool],
      ["Maximum", (operation: Operation) => bounded(operation, "low")],
      ["Mean", (operation: Operation) => pictureMean(operation, operation.attributes.boolean("keep_dims"))],
      ["Minimum", (operation: Operation) => bounded(operation, "high")],
      ["Mul", calculation("multiply")],
      ["Neg", eachValue(({ builder, hint }: Operation, x) => builder.affine(x, -1, 0, hint))],
      ["Pad", padded],
      ["PadV2", padded],
      ["PlaceholderWithDefault", same],
      ["PreventGradient", same],
      ["ReadVariableOp", same],
      ["RealDiv", calculation("divide")],
      ["Reciprocal", ofConstantsAlone],
      ["Rsqrt", ofConstantsAlone],
      ["Snapshot", same],
      ["Softmax", alongLast("softmax")],
      ["Sqrt", ofConstantsAlone],
      ["SpaceToBatchND", spaceToBatch],
      ["Square", ofConstantsAlone],
      ["StopGradient", same],
      ["Sub", calculation("subtract")],
      ["_FusedConv2D", convolution],
      ["_FusedMatMul", matMul],
    ] satisfies readonly (readonly [string, Operator])[]
  ).map(orFolded),
);
