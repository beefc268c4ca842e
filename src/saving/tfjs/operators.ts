/** TensorFlow's operators as layers. */
import type { Padding2D } from "../../core/padding.ts";
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { reshaped, transposed } from "../derived-tensor.ts";
import type { GraphBuilder } from "../graphs/graph-builder.ts";
import { MAX_NUMBERS } from "../graphs/operation.ts";
import { type TensorFlowItem, TensorFlowOperation, isConstant } from "../graphs/tensorflow-operation.ts";
import { arithmetic, bounded, pictureMean } from "../graphs/tensorflow-operators.ts";
import type { Value } from "../graphs/value.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { type GraphNode, attribute, boolean, float, integer, integers, text, words } from "./graph-def.ts";

/** Numbers that shapes are made of; null is the size of the batch. */
export interface ShapeNumbers {
  readonly numbers: readonly (number | null)[];
}

/** What a node gives while the graph is read. */
export type Item = TensorFlowItem<ShapeNumbers>;

/** A node with what its inputs stand for. */
export class Operation extends TensorFlowOperation<ShapeNumbers> {
  readonly node: GraphNode;

  constructor(node: GraphNode, builder: GraphBuilder, inputs: readonly Item[]) {
    super(builder, inputs);
    this.node = node;
  }

  get hint(): string {
    return this.node.name;
  }

  protected get subject(): string {
    return `The graph model's ${this.node.operator} '${this.node.name.slice(0, 200)}'`;
  }

  override numbers(i: number): readonly (number | null)[] {
    const item = this.optional(i);
    return item !== undefined && "numbers" in item ? item.numbers : super.numbers(i);
  }
}

export type Operator = (operation: Operation) => Item;

function expectChannelsLast(operation: Operation): void {
  const format = text(operation.node, "data_format", "NHWC");
  if (format !== "NHWC") throw operation.unsupported(`has data_format=${format}; read is NHWC.`);
}

/** The numbers for rows and columns in an attribute that has one for every axis. */
function pair(operation: Operation, name: string): readonly [number, number] {
  const [batch = 1, rows = 1, cols = 1, channels = 1] = integers(operation.node, name);
  if (batch === 1 && channels === 1 && rows > 0 && cols > 0) return [rows, cols];
  throw operation.unsupported(`has ${name}=${formatShape(integers(operation.node, name))}.`);
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
    throw operation.unsupported(`pads by ${formatShape(given)}; read are zeros around rows and columns.`);
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
      value = plus(operation, value, operation.constant(next));
      next += 1;
    } else if (name === "FusedBatchNorm") {
      value = normalized(operation, value, next);
      next += 4;
    } else if (name === "LeakyRelu") value = builder.leakyRelu(value, float(node, "leakyrelu_alpha", 0.2), node.name);
    else {
      const activate = ACTIVATIONS.get(name);
      if (activate === undefined) throw operation.unsupported(`has ${name.slice(0, 40)} within, which is not read.`);
      value = activate(builder, value, `${node.name}_${name.toLowerCase()}`);
    }
  }
  return value;
}

function plus(operation: Operation, x: Value, vector: StoredTensor): Value {
  return operation.builder.affine(x, 1, reshaped(vector, [elementCount(vector.shape)]), operation.hint);
}

function normalized(operation: Operation, x: Value, first: number): Value {
  const [gamma, beta, center, variance] = [0, 1, 2, 3].map((i) => operation.constant(first + i));
  if (gamma === undefined || beta === undefined || center === undefined || variance === undefined) {
    throw operation.unsupported("has not all of its four vectors.");
  }
  // A float32 as TF.js writes it.
  const epsilon = Number(float(operation.node, "epsilon", 1e-4).toPrecision(7));
  return operation.builder.batchNormalization(x, { gamma, beta, mean: center, variance, epsilon }, operation.hint);
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
  const x = operation.value(0);
  const kernel = operation.constant(1);
  const value = operation.builder.convolution(
    x,
    {
      kernel,
      strides: pair(operation, "strides"),
      dilation: pair(operation, "dilations"),
      padding: padding(operation),
      groups: (x.shape.at(-1) ?? 0) / (kernel.shape[2] ?? 1),
    },
    operation.hint,
  );
  return fused(operation, value);
}

/** Kernels are (rows, cols, channels, filters of each). */
function depthwise(operation: Operation): Item {
  expectChannelsLast(operation);
  const kernel = operation.constant(1);
  const [rows = 1, cols = 1, channels = 1, multiplier = 1] = kernel.shape;
  if (kernel.shape.length !== 4) throw operation.unsupported(`has a kernel of shape ${formatShape(kernel.shape)}.`);
  const value = operation.builder.convolution(
    operation.value(0),
    {
      kernel: reshaped(kernel, [rows, cols, 1, channels * multiplier]),
      strides: pair(operation, "strides"),
      dilation: pair(operation, "dilations"),
      padding: padding(operation),
      groups: channels,
    },
    operation.hint,
  );
  return fused(operation, value);
}

function matMul(operation: Operation): Item {
  const { builder, node } = operation;
  const x = operation.value(0);
  if (boolean(node, "transpose_a")) throw operation.unsupported("transposes its input.");
  const matrix = operation.constant(1);
  const kernel = boolean(node, "transpose_b") ? transposed(matrix, [1, 0]) : matrix;
  return fused(operation, builder.dense(x, kernel, undefined, node.name));
}

function biasAdd(operation: Operation): Item {
  expectChannelsLast(operation);
  return plus(operation, operation.value(0), operation.constant(1));
}

function batchNormalization(operation: Operation): Item {
  expectChannelsLast(operation);
  if (attribute(operation.node, "is_training") !== undefined && boolean(operation.node, "is_training")) {
    throw operation.unsupported("is in training mode.");
  }
  return normalized(operation, operation.value(0), 1);
}

function mean(operation: Operation): Item {
  return pictureMean(operation, boolean(operation.node, "keep_dims"));
}

function averagePool(operation: Operation): Item {
  expectChannelsLast(operation);
  const mode = padding(operation);
  const [size, strides] = [pair(operation, "ksize"), pair(operation, "strides")];
  return operation.builder.averagePool(operation.value(0), size, strides, mode, operation.hint);
}

function pad(operation: Operation): Item {
  const given = operation.known(1);
  const fill = operation.optional(2) === undefined ? [0] : operation.numbers(2);
  if (fill.some((value) => value !== 0)) throw operation.unsupported(`pads with ${fill.join()}.`);
  return operation.builder.pad(operation.value(0), zeros(operation, given), operation.hint);
}

/** The numbers of all inputs. */
function inputsOf({ inputCount }: Operation): readonly number[] {
  return Array.from({ length: inputCount }, (_, i) => i);
}

function sum(operation: Operation): Item {
  const values = inputsOf(operation).map((i) => operation.value(i));
  return operation.builder.layer("Add", operation.hint, {}, values);
}

function reshape(operation: Operation): Item {
  const x = operation.optional(0);
  const target = operation.numbers(1);
  if (isConstant(x))
    return reshaped(
      x,
      target.map((axis) => axis ?? NaN),
    );
  const [batch = null, ...axes] = target;
  const rest = axes.map((axis) => axis ?? NaN);
  const isBatch = batch === null || (batch === -1 && !rest.includes(-1));
  if (!isBatch || rest.some((axis) => !(axis > 0 || axis === -1))) {
    throw operation.unsupported(`makes the shape ${formatShape(target)}.`);
  }
  return operation.builder.reshape(operation.value(0), rest, operation.hint);
}

function squeeze(operation: Operation): Item {
  const x = operation.value(0);
  const rank = x.shape.length;
  const given = [...integers(operation.node, "squeeze_dims"), ...integers(operation.node, "axis")];
  const axes = given.map((axis) => (axis < 0 ? axis + rank : axis));
  const rest = x.shape.filter((length, i) => i > 0 && (axes.length === 0 ? length !== 1 : !axes.includes(i)));
  return operation.builder.reshape(
    x,
    rest.map((axis) => axis ?? -1),
    operation.hint,
  );
}

function same(operation: Operation): Item {
  const x = operation.optional(0);
  if (x !== undefined) return x;
  throw operation.unsupported("takes nothing.");
}

function shape(operation: Operation): Item {
  return { numbers: operation.value(0).shape };
}

/** One number of a list. */
function stridedSlice(operation: Operation): Item {
  const [begin, ...more] = operation.numbers(1);
  const [end] = operation.numbers(2);
  const isOne = integer(operation.node, "shrink_axis_mask", 0) === 1 || Number(end) - Number(begin) === 1;
  if (typeof begin !== "number" || more.length > 0 || !isOne)
    throw operation.unsupported("cuts more than one number out.");
  return { numbers: [operation.numbers(0).at(begin) ?? null] };
}

function pack(operation: Operation): Item {
  const numbers = inputsOf(operation).flatMap((i) => operation.numbers(i));
  if (numbers.length > MAX_NUMBERS) throw operation.unsupported(`packs ${numbers.length} numbers.`);
  return { numbers };
}

/** How each operator is read, by TensorFlow's name of it. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...[...ACTIVATIONS].map(
    ([name, activate]) =>
      [name, (operation: Operation) => activate(operation.builder, operation.value(0), operation.hint)] as const,
  ),
  ["Add", (operation) => arithmetic(operation, "add")],
  ["AddN", sum],
  ["AddV2", (operation) => arithmetic(operation, "add")],
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
      operation.builder.leakyRelu(operation.value(0), float(operation.node, "alpha", 0.2), operation.hint),
  ],
  ["MatMul", matMul],
  ["Maximum", (operation) => bounded(operation, "low")],
  ["Mean", mean],
  ["Minimum", (operation) => bounded(operation, "high")],
  ["Mul", (operation) => arithmetic(operation, "multiply")],
  ["Pack", pack],
  ["Pad", pad],
  ["PadV2", pad],
  ["RealDiv", (operation) => arithmetic(operation, "divide")],
  ["Reshape", reshape],
  ["Shape", shape],
  ["Squeeze", squeeze],
  ["StridedSlice", stridedSlice],
  ["Sub", (operation) => arithmetic(operation, "subtract")],
  ["_FusedConv2D", convolution],
  ["_FusedMatMul", matMul],
]);
