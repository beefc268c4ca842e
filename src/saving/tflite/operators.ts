/** TFLite's operators as layers. Values stay float32: what a quantised model rounds is not rounded here. */
import type { Padding2D } from "../../core/padding.ts";
import { formatShape } from "../../core/shape.ts";
import { reshaped, transposed } from "../derived-tensor.ts";
import type { Arithmetic } from "../graphs/arithmetic.ts";
import type { GraphBuilder } from "../graphs/graph-builder.ts";
import { type TensorFlowItem, TensorFlowOperation, isConstant } from "../graphs/tensorflow-operation.ts";
import { arithmetic, bounded, pictureMean } from "../graphs/tensorflow-operators.ts";
import type { Value } from "../graphs/value.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { TfliteOperator, TfliteTensor } from "./model.ts";

/** What a tensor stands for while the graph is read; "shape" are numbers that only shapes are made of, which nobody needs. */
export type Item = TensorFlowItem<"shape">;

/** An operator with what its inputs stand for. */
export class Operation extends TensorFlowOperation<"shape"> {
  readonly operator: TfliteOperator;
  readonly operatorName: string;
  readonly output: TfliteTensor;

  constructor(
    operator: TfliteOperator,
    operatorName: string,
    output: TfliteTensor,
    builder: GraphBuilder,
    inputs: readonly (Item | undefined)[],
  ) {
    super(builder, inputs);
    this.operator = operator;
    this.operatorName = operatorName;
    this.output = output;
  }

  get hint(): string {
    return this.output.name;
  }

  protected get subject(): string {
    return `The TFLite graph's ${this.operatorName} '${this.output.name.slice(0, 200)}'`;
  }
}

export type Operator = (operation: Operation) => Item;

/** The activation (ActivationFunctionType) that many operators end with. */
function activated(operation: Operation, x: Value, field: number): Value {
  const { builder, operator, hint } = operation;
  const code = operator.options?.int8(field) ?? 0;
  if (code === 0) return x;
  if (code === 1) return builder.clamp(x, 0, Infinity, `${hint}_relu`);
  if (code === 2) return builder.clamp(x, -1, 1, `${hint}_relu_n1_to_1`);
  if (code === 3) return builder.clamp(x, 0, 6, `${hint}_relu`);
  if (code === 4) return builder.activation(x, "tanh", `${hint}_tanh`);
  throw operation.unsupported(`has the activation ${code}, which is not read.`);
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

function expectPicture(operation: Operation, x: Value): number {
  const channels = x.shape.at(-1) ?? null;
  if (x.shape.length === 4 && channels !== null && channels > 0) return channels;
  throw operation.unsupported(`takes a tensor of shape ${formatShape(x.shape)}, where a picture is read.`);
}

function expectKernel(operation: Operation): StoredTensor {
  const kernel = operation.constant(1);
  if (kernel.shape.length === 4) return kernel;
  throw operation.unsupported(`has a kernel of shape ${formatShape(kernel.shape)}.`);
}

/** Kernels are (filters, rows, cols, channels of a group). */
function convolution(operation: Operation): Item {
  const x = operation.value(0);
  const channels = expectPicture(operation, x);
  const kernel = expectKernel(operation);
  const value = operation.builder.convolution(
    x,
    {
      kernel: transposed(kernel, [1, 2, 3, 0]),
      bias: operation.optionalConstant(2),
      strides: pair(operation, 2, 1, 1),
      dilation: pair(operation, 5, 4, 1),
      padding: paddingMode(operation),
      groups: channels / (kernel.shape[3] ?? 1),
    },
    operation.hint,
  );
  return activated(operation, value, 3);
}

/** Kernels are (1, rows, cols, filters). */
function depthwise(operation: Operation): Item {
  const x = operation.value(0);
  const channels = expectPicture(operation, x);
  const kernel = expectKernel(operation);
  const [one, rows = 1, cols = 1, filters = 1] = kernel.shape;
  if (one !== 1) throw operation.unsupported(`has a kernel of shape ${formatShape(kernel.shape)}.`);
  const value = operation.builder.convolution(
    x,
    {
      kernel: reshaped(kernel, [rows, cols, 1, filters]),
      bias: operation.optionalConstant(2),
      strides: pair(operation, 2, 1, 1),
      dilation: pair(operation, 6, 5, 1),
      padding: paddingMode(operation),
      groups: channels,
    },
    operation.hint,
  );
  return activated(operation, value, 4);
}

/** Matrices are (units, inputs); pictures are flattened first. */
function fullyConnected(operation: Operation): Item {
  const { builder, operator, hint } = operation;
  const x = operation.value(0);
  const matrix = operation.constant(1);
  if (matrix.shape.length !== 2 || (operator.options?.int8(1) ?? 0) !== 0) {
    throw operation.unsupported(`has a matrix of shape ${formatShape(matrix.shape)}, or one in an order of its own.`);
  }
  const keepsAxes = (operator.options?.uint8(2) ?? 0) !== 0;
  const flat = keepsAxes || x.shape.length === 2 ? x : builder.reshape(x, [-1], `${hint}_flatten`);
  return activated(operation, builder.dense(flat, transposed(matrix, [1, 0]), operation.optionalConstant(2), hint), 0);
}

function averagePool(operation: Operation): Item {
  const x = operation.value(0);
  expectPicture(operation, x);
  const size = pair(operation, 4, 3, 1);
  const strides = pair(operation, 2, 1, 1);
  const value = operation.builder.averagePool(x, size, strides, paddingMode(operation), operation.hint);
  return activated(operation, value, 5);
}

function mean(operation: Operation): Item {
  return pictureMean(operation, (operation.operator.options?.uint8(0) ?? 0) !== 0);
}

/** The new shape is that of the output, whatever the second input says. */
function reshape(operation: Operation): Item {
  const x = operation.optional(0);
  const { shape, name } = operation.output;
  if (isConstant(x)) return reshaped(x, shape);
  const value = operation.value(0);
  const rest = shape.slice(1);
  if (rest.some((axis) => axis === 0 || axis < -1))
    throw operation.unsupported(`makes the shape ${formatShape(shape)}.`);
  return operation.builder.reshape(value, rest, name);
}

function pad(operation: Operation): Item {
  const x = operation.value(0);
  const given = operation.known(1);
  const fill = operation.optional(2) === undefined ? [0] : operation.known(2);
  const [batch, batchAfter, top = 0, bottom = 0, left = 0, right = 0, channels, channelsAfter] = given;
  const others = [batch, batchAfter, channels, channelsAfter, ...fill];
  if (x.shape.length !== 4 || given.length !== 8 || others.some((zeros) => zeros !== 0)) {
    throw operation.unsupported("is not read: only zeros around rows and columns are.");
  }
  if ([top, bottom, left, right].some((zeros) => !(zeros >= 0 && zeros < 2 ** 16))) {
    throw operation.broken(`has the pads [${given.join(", ")}].`);
  }
  const padding: Padding2D = [
    [top, bottom],
    [left, right],
  ];
  return operation.builder.pad(x, padding, operation.hint);
}

function softmax(name: "softmax" | "log_softmax"): Operator {
  return (operation) => {
    const beta = name === "softmax" ? (operation.operator.options?.float32(0) ?? 1) : 1;
    if (beta !== 1) throw operation.unsupported(`has beta=${beta}; read is 1.`);
    return operation.builder.activation(operation.value(0), name, operation.hint);
  };
}

function activation(name: string): Operator {
  return (operation) => operation.builder.activation(operation.value(0), name, operation.hint);
}

function clamped(low: number, high: number): Operator {
  return (operation) => operation.builder.clamp(operation.value(0), low, high, operation.hint);
}

function leakyRelu(operation: Operation): Item {
  const slope = operation.operator.options?.float32(0) ?? 0;
  return operation.builder.leakyRelu(operation.value(0), slope, operation.hint);
}

function activatedArithmetic(kind: Arithmetic): Operator {
  return (operation) => activated(operation, arithmetic(operation, kind), 0);
}

/** Operators that quantize, dequantize or change the width of numbers do nothing here: values are float32. */
function same(operation: Operation): Item {
  const x = operation.optional(0);
  if (x !== undefined) return x;
  throw operation.broken("takes nothing.");
}

const shapeOnly: Operator = () => "shape";

/** The name of each operator and how it is read, by its number (BuiltinOperator). */
export const OPERATORS: ReadonlyMap<number, readonly [name: string, read: Operator]> = new Map<
  number,
  readonly [string, Operator]
>([
  [0, ["ADD", activatedArithmetic("add")]],
  [1, ["AVERAGE_POOL_2D", averagePool]],
  [3, ["CONV_2D", convolution]],
  [4, ["DEPTHWISE_CONV_2D", depthwise]],
  [6, ["DEQUANTIZE", same]],
  [9, ["FULLY_CONNECTED", fullyConnected]],
  [14, ["LOGISTIC", activation("sigmoid")]],
  [18, ["MUL", activatedArithmetic("multiply")]],
  [19, ["RELU", clamped(0, Infinity)]],
  [20, ["RELU_N1_TO_1", clamped(-1, 1)]],
  [21, ["RELU6", clamped(0, 6)]],
  [22, ["RESHAPE", reshape]],
  [25, ["SOFTMAX", softmax("softmax")]],
  [28, ["TANH", activation("tanh")]],
  [34, ["PAD", pad]],
  [40, ["MEAN", mean]],
  [41, ["SUB", activatedArithmetic("subtract")]],
  [42, ["DIV", activatedArithmetic("divide")]],
  [43, ["SQUEEZE", reshape]],
  [45, ["STRIDED_SLICE", shapeOnly]],
  [47, ["EXP", activation("exponential")]],
  [50, ["LOG_SOFTMAX", softmax("log_softmax")]],
  [53, ["CAST", same]],
  [55, ["MAXIMUM", (operation) => bounded(operation, "low")]],
  [57, ["MINIMUM", (operation) => bounded(operation, "high")]],
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
