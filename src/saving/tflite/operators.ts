/** TFLite's operators as layers. Values stay float32: what a quantised model rounds, is not rounded here. */
import type { Padding2D } from "../../core/padding.ts";
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Arithmetic, channelFactor, withConstant } from "../graphs/arithmetic.ts";
import { reshaped, transposed } from "../derived-tensor.ts";
import type { GraphBuilder } from "../graphs/graph-builder.ts";
import type { Value } from "../graphs/value.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { TfliteOperator, TfliteTensor } from "./model.ts";

/** What a tensor is while the graph is read; "shape" are numbers that only shapes are made of. */
export type Item = Value | StoredTensor | "shape";

/** An operator with what its inputs stand for. */
export interface Operation {
  readonly operator: TfliteOperator;
  readonly operatorName: string;
  readonly builder: GraphBuilder;
  readonly inputs: readonly (Item | undefined)[];
  readonly output: TfliteTensor;
}

export type Operator = (operation: Operation) => Item;

function isValue(item: Item | undefined): item is Value {
  return typeof item === "object" && "className" in item;
}

function isTensor(item: Item | undefined): item is StoredTensor {
  return typeof item === "object" && "read" in item;
}

function described({ operatorName, output }: Operation): string {
  return `The TFLite graph's ${operatorName} '${output.name.slice(0, 200)}'`;
}

function unsupported(operation: Operation, problem: string): Error {
  return unsupportedError(`${described(operation)} ${problem}`);
}

function valueAt(operation: Operation, i: number): Value {
  const item = operation.inputs[i];
  if (isValue(item)) return item;
  throw unsupported(operation, `has no computed value as its input ${i}.`);
}

function constantAt(operation: Operation, i: number): StoredTensor {
  const item = operation.inputs[i];
  if (isTensor(item)) return item;
  throw unsupported(operation, `has no constant as its input ${i}.`);
}

/** The most numbers that say how an operator works. */
const MAX_NUMBERS = 64;

function numbersAt(operation: Operation, i: number): Dims {
  const tensor = constantAt(operation, i);
  if (elementCount(tensor.shape) <= MAX_NUMBERS) return [...tensor.read()];
  throw unsupported(operation, `has a tensor of shape ${formatShape(tensor.shape)} as its input ${i}.`);
}

/** The vector that is added, where there is one. */
function biasAt(operation: Operation, i: number): StoredTensor | undefined {
  const item = operation.inputs[i];
  return item === undefined ? undefined : constantAt(operation, i);
}

/** ActivationFunctionType, which many operators end with. */
function activated(operation: Operation, x: Value, field: number): Value {
  const { builder, operator, output } = operation;
  const code = operator.options?.int8(field) ?? 0;
  if (code === 0) return x;
  if (code === 1) return builder.clamp(x, 0, Infinity, `${output.name}_relu`);
  if (code === 2) return builder.clamp(x, -1, 1, `${output.name}_relu_n1_to_1`);
  if (code === 3) return builder.clamp(x, 0, 6, `${output.name}_relu`);
  if (code === 4) return builder.activation(x, "tanh", `${output.name}_tanh`);
  throw unsupported(operation, `has the activation ${code}, which is not read.`);
}

function pair(operation: Operation, rows: number, cols: number, fallback: number): readonly [number, number] {
  const { options } = operation.operator;
  const read = [options?.int32(rows, fallback) ?? fallback, options?.int32(cols, fallback) ?? fallback] as const;
  if (read[0] > 0 && read[1] > 0) return read;
  throw unsupported(operation, `has strides or a window of ${formatShape(read)}.`);
}

function paddingMode(operation: Operation): "same" | "valid" {
  return (operation.operator.options?.int8(0) ?? 0) === 0 ? "same" : "valid";
}

function expectPicture(operation: Operation, x: Value): number {
  const channels = x.shape.at(-1) ?? null;
  if (x.shape.length === 4 && channels !== null && channels > 0) return channels;
  throw unsupported(operation, `takes a tensor of shape ${formatShape(x.shape)}, where a picture is read.`);
}

function expectKernel(operation: Operation): StoredTensor {
  const kernel = constantAt(operation, 1);
  if (kernel.shape.length === 4) return kernel;
  throw unsupported(operation, `has a kernel of shape ${formatShape(kernel.shape)}.`);
}

/** Kernels are (filters, rows, cols, channels of a group). */
function convolution(operation: Operation): Item {
  const x = valueAt(operation, 0);
  const channels = expectPicture(operation, x);
  const kernel = expectKernel(operation);
  const value = operation.builder.convolution(
    x,
    {
      kernel: transposed(kernel, [1, 2, 3, 0]),
      bias: biasAt(operation, 2),
      strides: pair(operation, 2, 1, 1),
      dilation: pair(operation, 5, 4, 1),
      padding: paddingMode(operation),
      groups: channels / (kernel.shape[3] ?? 1),
    },
    operation.output.name,
  );
  return activated(operation, value, 3);
}

/** Kernels are (1, rows, cols, filters). */
function depthwise(operation: Operation): Item {
  const x = valueAt(operation, 0);
  const channels = expectPicture(operation, x);
  const kernel = expectKernel(operation);
  const [one, rows = 1, cols = 1, filters = 1] = kernel.shape;
  if (one !== 1) throw unsupported(operation, `has a kernel of shape ${formatShape(kernel.shape)}.`);
  const value = operation.builder.convolution(
    x,
    {
      kernel: reshaped(kernel, [rows, cols, 1, filters]),
      bias: biasAt(operation, 2),
      strides: pair(operation, 2, 1, 1),
      dilation: pair(operation, 6, 5, 1),
      padding: paddingMode(operation),
      groups: channels,
    },
    operation.output.name,
  );
  return activated(operation, value, 4);
}

/** Matrices are (units, inputs); pictures are flattened first. */
function fullyConnected(operation: Operation): Item {
  const { builder, operator, output } = operation;
  const x = valueAt(operation, 0);
  const matrix = constantAt(operation, 1);
  if (matrix.shape.length !== 2 || (operator.options?.int8(1) ?? 0) !== 0) {
    throw unsupported(operation, `has a matrix of shape ${formatShape(matrix.shape)}, or one in an order of its own.`);
  }
  const keepsAxes = (operator.options?.uint8(2) ?? 0) !== 0;
  const flat = keepsAxes || x.shape.length === 2 ? x : builder.reshape(x, [-1], `${output.name}_flatten`);
  return activated(operation, builder.dense(flat, transposed(matrix, [1, 0]), biasAt(operation, 2), output.name), 0);
}

function averagePool(operation: Operation): Item {
  const x = valueAt(operation, 0);
  expectPicture(operation, x);
  const size = pair(operation, 4, 3, 1);
  const strides = pair(operation, 2, 1, 1);
  const value = operation.builder.averagePool(x, size, strides, paddingMode(operation), operation.output.name);
  return activated(operation, value, 5);
}

function mean(operation: Operation): Item {
  const x = valueAt(operation, 0);
  const rank = x.shape.length;
  const axes = numbersAt(operation, 1).map((axis) => (axis < 0 ? axis + rank : axis));
  if (rank !== 4 || axes.toSorted((a, b) => a - b).join() !== "1,2") {
    throw unsupported(operation, `is over the axes [${axes.join(", ")}]; read is the mean over rows and columns.`);
  }
  const keepdims = (operation.operator.options?.uint8(0) ?? 0) !== 0;
  return operation.builder.globalAverage(x, keepdims, operation.output.name);
}

/** What it is reshaped to is the shape of the output, whatever the second input says. */
function reshape(operation: Operation): Item {
  const [x] = operation.inputs;
  const { shape, name } = operation.output;
  if (isTensor(x)) return reshaped(x, shape);
  const value = valueAt(operation, 0);
  const rest = shape.slice(1);
  if (rest.some((axis) => axis === 0 || axis < -1))
    throw unsupported(operation, `makes the shape ${formatShape(shape)}.`);
  return operation.builder.reshape(value, rest, name);
}

function pad(operation: Operation): Item {
  const x = valueAt(operation, 0);
  const given = numbersAt(operation, 1);
  const fill = operation.inputs[2] === undefined ? [0] : numbersAt(operation, 2);
  const [batch, batchAfter, top = 0, bottom = 0, left = 0, right = 0, channels, channelsAfter] = given;
  const others = [batch, batchAfter, channels, channelsAfter, ...fill];
  if (x.shape.length !== 4 || given.length !== 8 || others.some((zeros) => zeros !== 0)) {
    throw unsupported(operation, "is not read: only zeros around rows and columns are.");
  }
  if ([top, bottom, left, right].some((zeros) => !(zeros >= 0 && zeros < 2 ** 16))) {
    throw formatError(`${described(operation)} has the pads [${given.join(", ")}].`);
  }
  const padding: Padding2D = [
    [top, bottom],
    [left, right],
  ];
  return operation.builder.pad(x, padding, operation.output.name);
}

function softmax(name: "softmax" | "log_softmax"): Operator {
  return (operation) => {
    const beta = name === "softmax" ? (operation.operator.options?.float32(0) ?? 1) : 1;
    if (beta !== 1) throw unsupported(operation, `has beta=${beta}; read is 1.`);
    return operation.builder.activation(valueAt(operation, 0), name, operation.output.name);
  };
}

function activation(name: string): Operator {
  return (operation) => operation.builder.activation(valueAt(operation, 0), name, operation.output.name);
}

function bounded(low: number, high: number): Operator {
  return (operation) => operation.builder.clamp(valueAt(operation, 0), low, high, operation.output.name);
}

/** MAXIMUM and MINIMUM of a value and a number. */
function bound(isLow: boolean): Operator {
  return (operation) => {
    const at = isValue(operation.inputs[0]) ? 0 : 1;
    const [limit = NaN, ...more] = numbersAt(operation, 1 - at);
    if (more.length > 0) throw unsupported(operation, "bounds by more than one number.");
    const [low, high] = isLow ? [limit, Infinity] : [-Infinity, limit];
    return operation.builder.clamp(valueAt(operation, at), low, high, operation.output.name);
  };
}

function leakyRelu(operation: Operation): Item {
  const slope = operation.operator.options?.float32(0) ?? 0;
  return operation.builder.leakyRelu(valueAt(operation, 0), slope, operation.output.name);
}

/** The sum of two values; of a value and a constant each of the four. */
function arithmetic(kind: Arithmetic): Operator {
  return (operation) => {
    const { builder, inputs, output } = operation;
    const [a, b] = inputs;
    if (isValue(a) && isValue(b)) {
      if (kind !== "add") throw unsupported(operation, "is of two computed values: only their sum is read.");
      return activated(operation, builder.add(a, b, output.name), 0);
    }
    const at = isValue(a) ? 0 : 1;
    const x = valueAt(operation, at);
    const constant = constantAt(operation, 1 - at);
    const factor = channelFactor(constant, x.shape);
    const value =
      factor === undefined
        ? undefined
        : withConstant(builder, x, kind, factor, { reversed: at === 1, hint: output.name });
    if (value !== undefined) return activated(operation, value, 0);
    throw unsupported(
      operation,
      `takes a constant of shape ${formatShape(constant.shape)}; read are one number, or one a channel, and no quotients of them.`,
    );
  };
}

/** Quantizing and back, and other widths of numbers: values are float32 here. */
function same(operation: Operation): Item {
  const [x] = operation.inputs;
  if (x !== undefined) return x;
  throw formatError(`${described(operation)} takes nothing.`);
}

const shapeOnly: Operator = () => "shape";

/** By BuiltinOperator: its name, and how it is read. */
export const OPERATORS: ReadonlyMap<number, readonly [name: string, read: Operator]> = new Map<
  number,
  readonly [string, Operator]
>([
  [0, ["ADD", arithmetic("add")]],
  [1, ["AVERAGE_POOL_2D", averagePool]],
  [3, ["CONV_2D", convolution]],
  [4, ["DEPTHWISE_CONV_2D", depthwise]],
  [6, ["DEQUANTIZE", same]],
  [9, ["FULLY_CONNECTED", fullyConnected]],
  [14, ["LOGISTIC", activation("sigmoid")]],
  [18, ["MUL", arithmetic("multiply")]],
  [19, ["RELU", bounded(0, Infinity)]],
  [20, ["RELU_N1_TO_1", bounded(-1, 1)]],
  [21, ["RELU6", bounded(0, 6)]],
  [22, ["RESHAPE", reshape]],
  [25, ["SOFTMAX", softmax("softmax")]],
  [28, ["TANH", activation("tanh")]],
  [34, ["PAD", pad]],
  [40, ["MEAN", mean]],
  [41, ["SUB", arithmetic("subtract")]],
  [42, ["DIV", arithmetic("divide")]],
  [43, ["SQUEEZE", reshape]],
  [45, ["STRIDED_SLICE", shapeOnly]],
  [47, ["EXP", activation("exponential")]],
  [50, ["LOG_SOFTMAX", softmax("log_softmax")]],
  [53, ["CAST", same]],
  [55, ["MAXIMUM", bound(true)]],
  [57, ["MINIMUM", bound(false)]],
  [60, ["PADV2", pad]],
  [70, ["EXPAND_DIMS", reshape]],
  [77, ["SHAPE", shapeOnly]],
  [81, ["REDUCE_PROD", shapeOnly]],
  [83, ["PACK", shapeOnly]],
  [98, ["LEAKY_RELU", leakyRelu]],
  [111, ["ELU", activation("elu")]],
  [114, ["QUANTIZE", same]],
  [117, ["HARD_SWISH", activation("hard_silu")]],
]);
