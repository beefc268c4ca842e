/** TensorFlow's operators as layers. */
import type { Padding2D } from "../../core/padding.ts";
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { unsupportedError } from "../file-errors.ts";
import { type Arithmetic, channelFactor, withConstant } from "../graphs/arithmetic.ts";
import { reshaped, transposed } from "../derived-tensor.ts";
import type { GraphBuilder } from "../graphs/graph-builder.ts";
import type { Value } from "../graphs/value.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { type GraphNode, attribute, boolean, float, integer, integers, text, words } from "./graph-def.ts";

/** Numbers that shapes are made of; null is the batch. */
export interface Numbers {
  readonly numbers: readonly (number | null)[];
}

/** What a node gives while the graph is read. */
export type Item = Value | StoredTensor | Numbers;

export interface Operation {
  readonly node: GraphNode;
  readonly builder: GraphBuilder;
  readonly inputs: readonly Item[];
}

export type Operator = (operation: Operation) => Item;

const MAX_NUMBERS = 64;

export function isValue(item: Item | undefined): item is Value {
  return item !== undefined && "className" in item;
}

function isTensor(item: Item | undefined): item is StoredTensor {
  return item !== undefined && "read" in item;
}

function unsupported({ node }: Operation, problem: string): Error {
  return unsupportedError(`The graph model's ${node.operator} '${node.name.slice(0, 200)}' ${problem}`);
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

function numbersAt(operation: Operation, i: number): readonly (number | null)[] {
  const item = operation.inputs[i];
  if (item !== undefined && "numbers" in item) return item.numbers;
  const tensor = constantAt(operation, i);
  if (elementCount(tensor.shape) <= MAX_NUMBERS) return [...tensor.read()];
  throw unsupported(operation, `has a tensor of shape ${formatShape(tensor.shape)} as its input ${i}.`);
}

function expectChannelsLast(operation: Operation): void {
  const format = text(operation.node, "data_format", "NHWC");
  if (format !== "NHWC") throw unsupported(operation, `has data_format=${format}; read is NHWC.`);
}

/** Rows and columns of an attribute that has a number for every axis. */
function pair(operation: Operation, name: string): readonly [number, number] {
  const [batch = 1, rows = 1, cols = 1, channels = 1] = integers(operation.node, name);
  if (batch === 1 && channels === 1 && rows > 0 && cols > 0) return [rows, cols];
  throw unsupported(operation, `has ${name}=${formatShape(integers(operation.node, name))}.`);
}

function padding(operation: Operation): Padding2D | "same" | "valid" {
  const mode = text(operation.node, "padding", "VALID");
  if (mode === "SAME") return "same";
  if (mode === "VALID") return "valid";
  return zeros(operation, integers(operation.node, "explicit_paddings"));
}

/** Zeros before and after each of four axes. */
function zeros(operation: Operation, given: Dims): Padding2D {
  const [batch, batchAfter, top = 0, bottom = 0, left = 0, right = 0, channels, channelsAfter] = given;
  const isPlain = [batch, batchAfter, channels, channelsAfter].every((count) => count === 0) && given.length === 8;
  if (!isPlain || [top, bottom, left, right].some((count) => !(count >= 0 && count < 2 ** 16))) {
    throw unsupported(operation, `pads by ${formatShape(given)}; read are zeros around rows and columns.`);
  }
  return [
    [top, bottom],
    [left, right],
  ];
}

/** What a fused operator does after its own: a bias, a normalization, an activation. */
function fused(operation: Operation, x: Value): Value {
  const { builder, node } = operation;
  let value = x;
  let next = 2;
  for (const name of words(node, "fused_ops")) {
    if (name === "BiasAdd") {
      value = plus(operation, value, constantAt(operation, next));
      next += 1;
    } else if (name === "FusedBatchNorm") {
      value = normalized(operation, value, next);
      next += 4;
    } else if (name === "LeakyRelu") value = builder.leakyRelu(value, float(node, "leakyrelu_alpha", 0.2), node.name);
    else {
      const activate = ACTIVATIONS.get(name);
      if (activate === undefined) throw unsupported(operation, `has ${name.slice(0, 40)} within, which is not read.`);
      value = activate(builder, value, `${node.name}_${name.toLowerCase()}`);
    }
  }
  return value;
}

function plus(operation: Operation, x: Value, vector: StoredTensor): Value {
  return operation.builder.affine(x, 1, reshaped(vector, [elementCount(vector.shape)]), operation.node.name);
}

function normalized(operation: Operation, x: Value, first: number): Value {
  const [gamma, beta, center, variance] = [0, 1, 2, 3].map((i) => constantAt(operation, first + i));
  if (gamma === undefined || beta === undefined || center === undefined || variance === undefined) {
    throw unsupported(operation, "has not all of its four vectors.");
  }
  // A float32 as TF.js writes it.
  const epsilon = Number(float(operation.node, "epsilon", 1e-4).toPrecision(7));
  return operation.builder.batchNormalization(x, { gamma, beta, mean: center, variance, epsilon }, operation.node.name);
}

type Activate = (builder: GraphBuilder, x: Value, hint: string) => Value;

const named =
  (name: string): Activate =>
  (builder, x, hint) =>
    builder.activation(x, name, hint);

const ACTIVATIONS: ReadonlyMap<string, Activate> = new Map<string, Activate>([
  ["Elu", named("elu")],
  ["Exp", named("exponential")],
  ["LogSoftmax", named("log_softmax")],
  ["Relu", (builder, x, hint) => builder.clamp(x, 0, Infinity, hint)],
  ["Relu6", (builder, x, hint) => builder.clamp(x, 0, 6, hint)],
  ["Sigmoid", named("sigmoid")],
  ["Softmax", named("softmax")],
  ["Softplus", named("softplus")],
  ["Softsign", named("softsign")],
  ["Tanh", named("tanh")],
]);

/** Kernels are (rows, cols, channels of a group, filters). */
function convolution(operation: Operation): Item {
  expectChannelsLast(operation);
  const x = valueAt(operation, 0);
  const kernel = constantAt(operation, 1);
  const value = operation.builder.convolution(
    x,
    {
      kernel,
      strides: pair(operation, "strides"),
      dilation: pair(operation, "dilations"),
      padding: padding(operation),
      groups: (x.shape.at(-1) ?? 0) / (kernel.shape[2] ?? 1),
    },
    operation.node.name,
  );
  return fused(operation, value);
}

/** Kernels are (rows, cols, channels, filters of each). */
function depthwise(operation: Operation): Item {
  expectChannelsLast(operation);
  const kernel = constantAt(operation, 1);
  const [rows = 1, cols = 1, channels = 1, multiplier = 1] = kernel.shape;
  if (kernel.shape.length !== 4) throw unsupported(operation, `has a kernel of shape ${formatShape(kernel.shape)}.`);
  const value = operation.builder.convolution(
    valueAt(operation, 0),
    {
      kernel: reshaped(kernel, [rows, cols, 1, channels * multiplier]),
      strides: pair(operation, "strides"),
      dilation: pair(operation, "dilations"),
      padding: padding(operation),
      groups: channels,
    },
    operation.node.name,
  );
  return fused(operation, value);
}

function matMul(operation: Operation): Item {
  const { builder, node } = operation;
  const x = valueAt(operation, 0);
  if (boolean(node, "transpose_a")) throw unsupported(operation, "transposes its input.");
  const matrix = constantAt(operation, 1);
  const kernel = boolean(node, "transpose_b") ? transposed(matrix, [1, 0]) : matrix;
  return fused(operation, builder.dense(x, kernel, undefined, node.name));
}

function biasAdd(operation: Operation): Item {
  expectChannelsLast(operation);
  return plus(operation, valueAt(operation, 0), constantAt(operation, 1));
}

function batchNormalization(operation: Operation): Item {
  expectChannelsLast(operation);
  if (attribute(operation.node, "is_training") !== undefined && boolean(operation.node, "is_training")) {
    throw unsupported(operation, "is in training mode.");
  }
  return normalized(operation, valueAt(operation, 0), 1);
}

function mean(operation: Operation): Item {
  const x = valueAt(operation, 0);
  const rank = x.shape.length;
  const axes = numbersAt(operation, 1).map((axis) => (axis !== null && axis < 0 ? axis + rank : (axis ?? NaN)));
  if (rank !== 4 || axes.toSorted((a, b) => a - b).join() !== "1,2") {
    throw unsupported(operation, `is over the axes [${axes.join(", ")}]; read is the mean over rows and columns.`);
  }
  return operation.builder.globalAverage(x, boolean(operation.node, "keep_dims"), operation.node.name);
}

function averagePool(operation: Operation): Item {
  expectChannelsLast(operation);
  const mode = padding(operation);
  const [size, strides] = [pair(operation, "ksize"), pair(operation, "strides")];
  return operation.builder.averagePool(valueAt(operation, 0), size, strides, mode, operation.node.name);
}

function pad(operation: Operation): Item {
  const given = numbersAt(operation, 1).map((count) => count ?? NaN);
  const fill = operation.inputs[2] === undefined ? [0] : numbersAt(operation, 2);
  if (fill.some((value) => value !== 0)) throw unsupported(operation, `pads with ${fill.join()}.`);
  return operation.builder.pad(valueAt(operation, 0), zeros(operation, given), operation.node.name);
}

function arithmetic(kind: Arithmetic): Operator {
  return (operation) => {
    const { builder, inputs, node } = operation;
    const [a, b] = inputs;
    if (isValue(a) && isValue(b)) {
      if (kind !== "add") throw unsupported(operation, "is of two computed values: only their sum is read.");
      return builder.add(a, b, node.name);
    }
    const at = isValue(a) ? 0 : 1;
    const x = valueAt(operation, at);
    const constant = constantAt(operation, 1 - at);
    const factor = channelFactor(constant, x.shape);
    const value =
      factor === undefined
        ? undefined
        : withConstant(builder, x, kind, factor, { reversed: at === 1, hint: node.name });
    if (value !== undefined) return value;
    throw unsupported(
      operation,
      `takes a constant of shape ${formatShape(constant.shape)}; read are one number, or one a channel, and no quotients of them.`,
    );
  };
}

function sum(operation: Operation): Item {
  const values = operation.inputs.map((_, i) => valueAt(operation, i));
  return operation.builder.layer("Add", operation.node.name, {}, values);
}

/** Minimum and Maximum of a value and a number. */
function bound(isLow: boolean): Operator {
  return (operation) => {
    const at = isValue(operation.inputs[0]) ? 0 : 1;
    const [limit, ...more] = numbersAt(operation, 1 - at);
    if (more.length > 0) throw unsupported(operation, "bounds by more than one number.");
    const [low, high] = isLow ? [limit ?? NaN, Infinity] : [-Infinity, limit ?? NaN];
    return operation.builder.clamp(valueAt(operation, at), low, high, operation.node.name);
  };
}

function reshape(operation: Operation): Item {
  const [x] = operation.inputs;
  const target = numbersAt(operation, 1);
  if (isTensor(x))
    return reshaped(
      x,
      target.map((axis) => axis ?? NaN),
    );
  const [batch = null, ...axes] = target;
  const rest = axes.map((axis) => axis ?? NaN);
  const isBatch = batch === null || (batch === -1 && !rest.includes(-1));
  if (!isBatch || rest.some((axis) => !(axis > 0 || axis === -1))) {
    throw unsupported(operation, `makes the shape ${formatShape(target)}.`);
  }
  return operation.builder.reshape(valueAt(operation, 0), rest, operation.node.name);
}

function squeeze(operation: Operation): Item {
  const x = valueAt(operation, 0);
  const rank = x.shape.length;
  const given = [...integers(operation.node, "squeeze_dims"), ...integers(operation.node, "axis")];
  const axes = given.map((axis) => (axis < 0 ? axis + rank : axis));
  const rest = x.shape.filter((length, i) => i > 0 && (axes.length === 0 ? length !== 1 : !axes.includes(i)));
  return operation.builder.reshape(
    x,
    rest.map((axis) => axis ?? -1),
    operation.node.name,
  );
}

function same(operation: Operation): Item {
  const [x] = operation.inputs;
  if (x !== undefined) return x;
  throw unsupported(operation, "takes nothing.");
}

function shape(operation: Operation): Item {
  return { numbers: valueAt(operation, 0).shape };
}

/** One number of a list. */
function stridedSlice(operation: Operation): Item {
  const [begin, ...more] = numbersAt(operation, 1);
  const [end] = numbersAt(operation, 2);
  const isOne = integer(operation.node, "shrink_axis_mask", 0) === 1 || Number(end) - Number(begin) === 1;
  if (typeof begin !== "number" || more.length > 0 || !isOne)
    throw unsupported(operation, "cuts more than one number out.");
  return { numbers: [numbersAt(operation, 0).at(begin) ?? null] };
}

function pack(operation: Operation): Item {
  const numbers = operation.inputs.flatMap((_, i) => numbersAt(operation, i));
  if (numbers.length > MAX_NUMBERS) throw unsupported(operation, `packs ${numbers.length} numbers.`);
  return { numbers };
}

/** By TensorFlow's names. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...[...ACTIVATIONS].map(
    ([name, activate]) =>
      [
        name,
        (operation: Operation) => activate(operation.builder, valueAt(operation, 0), operation.node.name),
      ] as const,
  ),
  ["Add", arithmetic("add")],
  ["AddN", sum],
  ["AddV2", arithmetic("add")],
  ["AvgPool", averagePool],
  ["BiasAdd", biasAdd],
  ["Cast", same],
  ["Conv2D", convolution],
  ["DepthwiseConv2dNative", depthwise],
  ["FusedBatchNorm", batchNormalization],
  ["FusedBatchNormV3", batchNormalization],
  ["FusedDepthwiseConv2dNative", depthwise],
  ["Identity", same],
  [
    "LeakyRelu",
    (operation: Operation) =>
      operation.builder.leakyRelu(valueAt(operation, 0), float(operation.node, "alpha", 0.2), operation.node.name),
  ],
  ["MatMul", matMul],
  ["Maximum", bound(true)],
  ["Mean", mean],
  ["Minimum", bound(false)],
  ["Mul", arithmetic("multiply")],
  ["Pack", pack],
  ["Pad", pad],
  ["PadV2", pad],
  ["RealDiv", arithmetic("divide")],
  ["Reshape", reshape],
  ["Shape", shape],
  ["Squeeze", squeeze],
  ["StridedSlice", stridedSlice],
  ["Sub", arithmetic("subtract")],
  ["_FusedConv2D", convolution],
  ["_FusedMatMul", matMul],
]);
