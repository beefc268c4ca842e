/** TFLite's operators as layers. Values stay float32: what a quantised model rounds is not rounded here. */
import { formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { reshaped, transposed } from "../derived-tensor.ts";
import type { Arithmetic } from "../graphs/arithmetic.ts";
import { batchToSpace, convolved, spaceToBatch } from "../graphs/tensorflow-dilation.ts";
import {
  arithmetic,
  bounded,
  dense,
  eachValue,
  joined,
  leaky,
  padded,
  pictureMean,
  reducedPicture,
} from "../graphs/tensorflow-operators.ts";
import { isComputed } from "../graphs/tensorflow-operation.ts";
import { concatenation as concatenated, numberProduct, reshapedTo } from "../graphs/tensorflow-shapes.ts";
import type { Value } from "../graphs/value.ts";
import { type View, formatView, lastAxis, plainValue, sizesOf, viewOf } from "../graphs/view.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { Item, Operation, Operator } from "./operation.ts";
import { SHAPE_OPERATORS } from "./shape-operators.ts";

/** ActivationFunctionType. */
const ACTIVATIONS: readonly string[] = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"];

/** The activation that many operators end with. */
function activated(operation: Operation, x: Value, field: number): Value {
  const { builder, operator, hint } = operation;
  const code = operator.options?.int8(field) ?? 0;
  if (code === 0) return x;
  if (code === 1) return builder.clamp(x, 0, Infinity, `${hint}_relu`);
  if (code === 2) return builder.clamp(x, -1, 1, `${hint}_relu_n1_to_1`);
  if (code === 3) return builder.clamp(x, 0, 6, `${hint}_relu`);
  // TFLite's own kernels leave the others out, so that it is not known what the network was to compute.
  throw operation.unsupported(`has the activation ${ACTIVATIONS[code] ?? code} within, which is not read.`);
}

function pair(operation: Operation, rows: number, cols: number, fallback: number): readonly [number, number] {
  const { options } = operation.operator;
  const read = [options?.int32(rows, fallback) ?? fallback, options?.int32(cols, fallback) ?? fallback] as const;
  if (read[0] > 0 && read[1] > 0) return read;
  throw operation.unsupported(`has strides or a window of ${formatShape(read)}.`);
}

function paddingMode(operation: Operation): "same" | "valid" {
  return (operation.operator.options?.int8(0) ?? 0) === 0 ? "same" : "valid";
}

/** The first input as a picture. */
function picture(operation: Operation): Value {
  const x = operation.value(0);
  channelsOf(operation, x);
  return x;
}

function channelsOf(operation: Operation, { shape }: Value): number {
  const channels = shape.at(-1) ?? null;
  if (shape.length === 4 && channels !== null && channels > 0) return channels;
  throw operation.unsupported(`takes a tensor of shape ${formatShape(shape)}, where a picture is read.`);
}

function expectKernel(operation: Operation): StoredTensor {
  const kernel = operation.constant(1);
  if (kernel.shape.length === 4) return kernel;
  throw operation.unsupported(`has a kernel of shape ${formatShape(kernel.shape)}.`);
}

/** What is in different places for the two kinds of convolutions. */
interface Kind {
  readonly kernel: StoredTensor;
  readonly groups: (channels: number) => number;
  /** The fields of the options for rows and columns. */
  readonly dilation: readonly [number, number];
  readonly activation: number;
}

/** Strides are the options' fields 2 and 1. */
function convolve(operation: Operation, { kernel, groups, ...fields }: Kind): Item {
  const { builder, hint } = operation;
  const bias = operation.optionalVector(2);
  const strides = pair(operation, 2, 1, 1);
  const dilation = pair(operation, ...fields.dilation, 1);
  return convolved(operation, { strides, dilation, padding: paddingMode(operation) }, (x, steps) => {
    const options = { kernel, bias, ...steps, groups: groups(channelsOf(operation, x)) };
    return activated(operation, builder.convolution(x, options, hint), fields.activation);
  });
}

/** Kernels are (filters, rows, cols, channels of a group). */
function convolution(operation: Operation): Item {
  const kernel = expectKernel(operation);
  return convolve(operation, {
    kernel: transposed(kernel, [1, 2, 3, 0]),
    groups: (channels) => channels / (kernel.shape[3] ?? 1),
    dilation: [5, 4],
    activation: 3,
  });
}

/** Kernels are (1, rows, cols, filters). */
function depthwise(operation: Operation): Item {
  const kernel = expectKernel(operation);
  const [one, rows = 1, cols = 1, filters = 1] = kernel.shape;
  if (one !== 1) throw operation.unsupported(`has a kernel of shape ${formatShape(kernel.shape)}.`);
  return convolve(operation, {
    kernel: reshaped(kernel, [rows, cols, 1, filters]),
    groups: (channels) => channels,
    dilation: [6, 5],
    activation: 4,
  });
}

/** Matrices are (units, inputs). Unless its axes are kept, a tensor becomes a list of as many numbers as the matrix takes. */
function fullyConnected(operation: Operation): Item {
  const { operator } = operation;
  const matrix = operation.constant(1);
  const [, inputs = 0] = matrix.shape;
  if (matrix.shape.length !== 2 || inputs === 0 || (operator.options?.int8(1) ?? 0) !== 0) {
    throw operation.unsupported(`has a matrix of shape ${formatShape(matrix.shape)}, or one in an order of its own.`);
  }
  const x = (operator.options?.uint8(2) ?? 0) !== 0 ? operation.tidy(0) : flattened(operation, inputs);
  const result = dense(operation, x, transposed(matrix, [1, 0]), operation.optionalVector(2));
  return { ...result, value: activated(operation, result.value, 0) };
}

/** The tensor as lists of as many numbers as a matrix takes. */
function flattened(operation: Operation, inputs: number): View {
  const x = operation.tidy(0);
  if (x.axes.length === 2 && sizesOf(x)[1] === inputs) return x;
  const folded = { ...reshapedTo(operation, x, [-1, inputs]), hint: `${operation.hint}_flatten` };
  const value = plainValue(operation.builder, folded);
  return value === undefined ? folded : viewOf(value);
}

/** A product with a constant matrix, which is all that Keras's Dense does. */
function matrixProduct(operation: Operation): Item {
  const { options } = operation.operator;
  const constant = operation.constant(1);
  const rows = constant.shape.slice(-2);
  if (elementCount(constant.shape.slice(0, -2)) !== 1 || rows.length < 2 || (options?.uint8(0) ?? 0) !== 0) {
    throw operation.unsupported(`multiplies by a tensor of shape ${formatShape(constant.shape)}; read is one matrix.`);
  }
  const matrix = reshaped(constant, rows);
  const isTransposed = (options?.uint8(1) ?? 0) !== 0;
  return dense(operation, operation.tidy(0), isTransposed ? transposed(matrix, [1, 0]) : matrix, undefined);
}

/** Whether a pool has one window, as large as the picture. */
function isWhole(operation: Operation, { shape }: Value, size: readonly [number, number]): boolean {
  return shape[1] === size[0] && shape[2] === size[1] && paddingMode(operation) === "valid";
}

function averagePool(operation: Operation): Item {
  const { builder, hint } = operation;
  const x = picture(operation);
  const size = pair(operation, 4, 3, 1);
  const value = isWhole(operation, x, size)
    ? builder.globalAverage(x, true, hint)
    : builder.averagePool(x, size, pair(operation, 2, 1, 1), paddingMode(operation), hint);
  return activated(operation, value, 5);
}

function maxPool(operation: Operation): Item {
  const { builder, hint } = operation;
  const x = picture(operation);
  const poolSize = pair(operation, 4, 3, 1);
  const config = { poolSize, strides: pair(operation, 2, 1, 1), padding: paddingMode(operation) };
  const value = isWhole(operation, x, poolSize)
    ? globalMax(operation)(x, true)
    : builder.layer("MaxPooling2D", hint, config, [x]);
  return activated(operation, value, 5);
}

/** Values along an axis, or numbers of a shape. */
function concatenation(operation: Operation): Item {
  const { inputCount, operator } = operation;
  const { options } = operator;
  if (inputCount === 1 || !isComputed(operation.optional(0))) return concatenated(operation, inputCount);
  const x = joined(operation, inputCount, options?.int32(0) ?? 0);
  return { ...x, value: activated(operation, x.value, 1) };
}

function globalMax(operation: Operation): (x: Value, keepdims: boolean) => Value {
  return (x, keepdims) => operation.builder.layer("GlobalMaxPooling2D", operation.hint, { keepdims }, [x]);
}

function keepsAxes(operation: Operation): boolean {
  return (operation.operator.options?.uint8(0) ?? 0) !== 0;
}

/** The sum over rows and columns: their mean, so many times. */
function sum(operation: Operation): Item {
  const { builder, hint } = operation;
  return reducedPicture(operation, keepsAxes(operation), (x, keep) => {
    const [, rows, cols] = x.shape;
    const count = (rows ?? NaN) * (cols ?? NaN);
    if (Number.isNaN(count)) throw operation.unsupported("is over rows and columns whose number is not known.");
    return builder.affine(builder.globalAverage(x, keep, hint), count, 0, `${hint}_count`);
  });
}

function softmax(name: "softmax" | "log_softmax"): Operator {
  return (operation) => {
    const { builder, hint } = operation;
    const beta = name === "softmax" ? (operation.operator.options?.float32(0) ?? 1) : 1;
    if (!Number.isFinite(beta) || beta === 0) throw operation.unsupported(`has beta=${beta}.`);
    const x = operation.tidy(0);
    const axis = lastAxis(x, operation.batch);
    const isLast = axis === x.value.shape.length - 1;
    if (axis === undefined || (!isLast && name === "log_softmax")) {
      throw operation.unsupported(`is along an axis of ${formatView(x)} that is no layer's.`);
    }
    const scaled = beta === 1 ? x.value : builder.affine(x.value, beta, 0, `${hint}_beta`);
    const value = isLast ? builder.activation(scaled, name, hint) : builder.layer("Softmax", hint, { axis }, [scaled]);
    return { ...x, value };
  };
}

function activation(name: string): Operator {
  return eachValue((operation, x) => operation.builder.activation(x, name, operation.hint));
}

function clamped(low: number, high: number): Operator {
  return eachValue((operation, x) => operation.builder.clamp(x, low, high, operation.hint));
}

/** The most slopes that are looked at. */
const MAX_SLOPES = 4096;

/** A slope for each channel is read if all of them are the same. */
function prelu(operation: Operation, x: Value): Value {
  const slopes = operation.constant(1);
  const [slope = NaN, ...more] = elementCount(slopes.shape) <= MAX_SLOPES ? slopes.read() : [];
  if (!Number.isNaN(slope) && more.every((other) => other === slope)) return leaky(operation, x, slope);
  throw operation.unsupported("has slopes of its own for each channel, which no layer here has.");
}

function gelu(operation: Operation, x: Value): Value {
  if (keepsAxes(operation)) throw operation.unsupported("is the approximate one, which no layer here computes.");
  return operation.builder.activation(x, "gelu", operation.hint);
}

function activatedArithmetic(kind: Arithmetic): Operator {
  return (operation) => {
    const numbers = kind === "multiply" ? numberProduct(operation) : undefined;
    if (numbers !== undefined) return numbers;
    const x = arithmetic(operation, kind);
    return { ...x, value: activated(operation, x.value, 0) };
  };
}

/** Operators that quantize, or dequantize, do nothing here: values are float32. */
function same(operation: Operation): Item {
  return operation.item(0);
}

/** Values are float32 here; what makes whole numbers of fractions is no change of type only. */
function cast(operation: Operation): Item {
  const isInteger = (dtype: string | undefined): boolean => dtype !== undefined && !dtype.includes("float");
  const from = operation.taken[0]?.dtype;
  if (isInteger(from) || !isInteger(operation.output.dtype)) return operation.item(0);
  throw operation.unsupported(`makes ${operation.output.dtype} of ${from}, which no layer here does.`);
}

/**
 * As TensorFlow 2 resizes: between the middles of pixels.
 * @param alignCorners the field of the options, before that of the middles
 */
function resize(interpolation: "bilinear" | "nearest", alignCorners: number): Operator {
  return (operation) => {
    const x = picture(operation);
    const [height, width] = operation.known(1);
    if (height === x.shape[1] && width === x.shape[2]) return x;
    const { options } = operation.operator;
    if ((options?.uint8(alignCorners) ?? 0) !== 0 || (options?.uint8(alignCorners + 1) ?? 0) === 0) {
      throw operation.unsupported(
        "resizes between the corners of pixels, as TensorFlow 1 did, which no layer here does.",
      );
    }
    return operation.builder.layer("Resizing", operation.hint, { height, width, interpolation }, [x]);
  };
}

/** The name of each operator and how it is read. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...SHAPE_OPERATORS,
  ["ADD", activatedArithmetic("add")],
  ["AVERAGE_POOL_2D", averagePool],
  ["BATCH_MATMUL", matrixProduct],
  ["BATCH_TO_SPACE_ND", batchToSpace],
  ["CAST", cast],
  ["CONCATENATION", concatenation],
  ["CONV_2D", convolution],
  ["DEPTHWISE_CONV_2D", depthwise],
  ["DEQUANTIZE", same],
  ["DIV", activatedArithmetic("divide")],
  ["ELU", activation("elu")],
  ["EXP", activation("exponential")],
  ["FULLY_CONNECTED", fullyConnected],
  ["GELU", eachValue(gelu)],
  ["HARD_SWISH", activation("hard_silu")],
  [
    "LEAKY_RELU",
    eachValue((operation: Operation, x) => leaky(operation, x, operation.operator.options?.float32(0) ?? 0)),
  ],
  ["LOGISTIC", activation("sigmoid")],
  ["LOG_SOFTMAX", softmax("log_softmax")],
  ["MAXIMUM", (operation) => bounded(operation, "low")],
  ["MAX_POOL_2D", maxPool],
  ["MEAN", (operation) => pictureMean(operation, keepsAxes(operation))],
  ["MINIMUM", (operation) => bounded(operation, "high")],
  ["MUL", activatedArithmetic("multiply")],
  ["NEG", eachValue((operation, x) => operation.builder.affine(x, -1, 0, operation.hint))],
  ["PAD", padded],
  ["PADV2", padded],
  ["PRELU", eachValue(prelu)],
  ["QUANTIZE", same],
  ["REDUCE_MAX", (operation) => reducedPicture(operation, keepsAxes(operation), globalMax(operation))],
  ["RELU", clamped(0, Infinity)],
  ["RELU6", clamped(0, 6)],
  ["RELU_0_TO_1", clamped(0, 1)],
  ["RELU_N1_TO_1", clamped(-1, 1)],
  ["RESIZE_BILINEAR", resize("bilinear", 2)],
  ["RESIZE_NEAREST_NEIGHBOR", resize("nearest", 0)],
  ["SOFTMAX", softmax("softmax")],
  ["SPACE_TO_BATCH_ND", spaceToBatch],
  ["SUB", activatedArithmetic("subtract")],
  ["SUM", sum],
  ["TANH", activation("tanh")],
]);
