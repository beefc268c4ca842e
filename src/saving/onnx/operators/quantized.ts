/**
 * ONNX's and onnxruntime's operators of quantized graphs, in the three ways of its quantizer: QDQ, integer operators (QOperator), and scales that
 * are found while the graph runs (dynamic). All are read as the model with rounded weights; values are not rounded, but stay float32.
 */
import { elementCount } from "../../bytes/element-count.ts";
import { type Affine, dequantized } from "../../derived-tensor.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import { clamped, ELEMENTWISE_OPERATORS } from "./elementwise.ts";
import type { Operator } from "./constants.ts";
import type { Integers, Item, OnnxOperation, ProductItem, ValueItem } from "../operation.ts";
import { RANGES, dequantizedValue, single } from "./quantized-values.ts";
import { product, WEIGHT_OPERATORS } from "./weights.ts";
import { convolution, WINDOW_OPERATORS } from "./windows.ts";

/** Layers whose values may lie outside of the range of their integers, so that the range bounds them. */
const UNBOUNDED: readonly string[] = [
  "Add",
  "BatchNormalization",
  "Conv2D",
  "Dense",
  "DepthwiseConv2D",
  "ReLU",
  "Rescaling",
];

/** numpy's names of the types of `output_dtype`, by their numbers in TensorProto.DataType. */
const OUTPUT_TYPES: ReadonlyMap<number, string> = new Map([
  [0, "uint8"],
  [2, "uint8"],
  [3, "int8"],
  [4, "uint16"],
  [5, "int16"],
]);

/** The integers that the scale at input `i` and the zero point behind it make. */
function integersAt(operation: OnnxOperation, i: number): Integers {
  const zeroPoint = operation.optionalConstant(i + 1);
  const number = operation.integer("output_dtype", 0);
  const type = zeroPoint?.dtype ?? OUTPUT_TYPES.get(number) ?? `type ${number}`;
  const range = RANGES.get(type);
  if (range === undefined) throw operation.unsupported(`makes ${type} of values.`);
  const scale = single(operation, operation.constant(i));
  return { range, scale, zeroPoint: zeroPoint === undefined ? 0 : single(operation, zeroPoint) };
}

/**
 * Values are not rounded here: they stay float32. But quantizers leave ReLU6 out if the integers cannot say more than it
 * does, so a range that begins at 0 bounds.
 */
function quantizedValue(operation: OnnxOperation, x: ValueItem, integers: Integers): ValueItem {
  const { range, scale, zeroPoint } = integers;
  const isSoft = "activation" in x.value.config;
  const [low, high] = range;
  if (zeroPoint !== low || isSoft || !UNBOUNDED.includes(x.value.className)) return { ...x, integers };
  return { ...clamped(operation, x, 0, Math.fround((high - low) * scale)), integers };
}

/** How scales and zero points at inputs `i` and `i + 1` stand along an axis of a constant of this many axes; default axis 1. */
function affineAt(operation: OnnxOperation, i: number, axis: number): Affine {
  const scale = operation.constant(i);
  const zeroPoint = operation.optionalConstant(i + 1);
  return {
    axis,
    count: elementCount(scale.shape),
    scales: () => scale.read(),
    zeroPoints: () => zeroPoint?.read() ?? [],
  };
}

function scaleAxis(operation: OnnxOperation, i: number, rank: number): number {
  const isOne = rank === 0 || elementCount(operation.constant(i).shape) === 1;
  return isOne ? 0 : operation.axis(operation.integer("axis", 1), rank);
}

function expectNoBlocks(operation: OnnxOperation): void {
  if (operation.integer("block_size", 0) !== 0) throw operation.unsupported("has scales for blocks.");
}

function quantizeLinear(operation: OnnxOperation): Item {
  expectNoBlocks(operation);
  if (operation.item(0).kind === "value") {
    return quantizedValue(operation, operation.value(0), integersAt(operation, 1));
  }
  const tensor = operation.constant(0);
  const type = operation.optionalConstant(2)?.dtype ?? OUTPUT_TYPES.get(operation.integer("output_dtype", 0)) ?? "none";
  const range = RANGES.get(type);
  if (range === undefined) throw operation.unsupported(`makes ${type} of weights.`);
  const affine = affineAt(operation, 1, scaleAxis(operation, 1, tensor.shape.length));
  return operation.derived({ ...rounded(operation, tensor, affine, range), dtype: type });
}

/** The integers for the numbers of a tensor: of two that are as near, the even one. */
function rounded(
  operation: OnnxOperation,
  tensor: StoredTensor,
  affine: Affine,
  [low, high]: Integers["range"],
): StoredTensor {
  const { axis, count } = affine;
  const length = count === 1 ? 1 : (tensor.shape[axis] ?? 0);
  if (length !== count) throw operation.broken(`has ${count} scales for an axis of ${length}.`);
  const step = count === 1 ? Infinity : elementCount(tensor.shape.slice(axis + 1));
  const read = (): Float32Array => {
    const [scales, zeroPoints] = [affine.scales(), affine.zeroPoints()];
    return tensor.read().map((value, i) => {
      const place = step === Infinity ? 0 : Math.floor(i / step) % count;
      const zeroPoint = zeroPoints[zeroPoints.length === 1 ? 0 : place] ?? 0;
      const scale = scales[place] ?? NaN;
      return Math.min(Math.max(toEven(Math.fround(value / scale)) + zeroPoint, low), high);
    });
  };
  return { ...tensor, read };
}

function toEven(value: number): number {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

function dequantizeLinear(operation: OnnxOperation): Item {
  expectNoBlocks(operation);
  return dequantizedAt(operation, 0, operation.item(0).kind === "value" ? 0 : undefined);
}

/** What the integers at input `i` stand for, with a scale and a zero point behind them; `axis` is that of a constant's scales. */
function dequantizedAt(operation: OnnxOperation, i: number, axis: number | undefined): Item {
  const x = operation.item(i);
  if (x.kind === "value") {
    const zeroPoint = operation.optionalConstant(i + 2);
    const zero = zeroPoint === undefined ? 0 : single(operation, zeroPoint);
    return dequantizedValue(operation, x, single(operation, operation.constant(i + 1)), zero);
  }
  const tensor = operation.constant(i);
  const rank = tensor.shape.length;
  const along = axis === undefined || rank === 0 ? scaleAxis(operation, i + 1, rank) : operation.axis(axis, rank);
  return operation.derived(dequantized(tensor, affineAt(operation, i + 1, along)));
}

/**
 * An operator of floats between integers: `inputs` are where the integers of its inputs stand, each with a scale and a zero point behind it,
 * `output` where the scale of what it makes does, `bias` where integers do whose scale is the product of those of both inputs.
 */
function between(operator: string | Operator, inputs: readonly number[], output: number, bias?: number): Operator {
  return (operation) => {
    const isPlain = operation.integer("channels_last", 0) === 0 && operation.float("alpha", 1) === 1;
    if (!isPlain && operation.node.operator !== "QLinearLeakyRelu") {
      throw operation.unsupported(
        "takes pictures with their channels last (channels_last), or scales what it makes (alpha).",
      );
    }
    // The scales of weights are those of what a layer makes: the first axis of a kernel, the last one of a matrix.
    const isLast = operator === "MatMul" || (operator === "Gemm" && operation.integer("transB", 0) === 0);
    const floats: (Item | undefined)[] = inputs.map((i) => dequantizedAt(operation, i, isLast ? -1 : 0));
    if (bias !== undefined && operation.optional(bias) !== undefined) floats.push(integerBias(operation, bias));
    const given = operation.with(floats);
    const result = typeof operator === "string" ? called(given, operator) : operator(given);
    if (result.kind !== "value") throw operation.unsupported("is of constants only.");
    const isFloat = operation.optional(output) === undefined;
    return isFloat ? result : quantizedValue(operation, result, integersAt(operation, output));
  };
}

function integerBias(operation: OnnxOperation, i: number): Item {
  const scale = single(operation, operation.constant(1));
  const scales = operation.constant(4);
  return operation.derived(
    dequantized(operation.constant(i), {
      axis: 0,
      count: elementCount(scales.shape),
      scales: () => scales.read().map((factor) => factor * scale),
      zeroPoints: () => [],
    }),
  );
}

/** The integers of a value, their scale and their zero point. */
export function dynamicQuantizeLinear(operation: OnnxOperation): readonly Item[] {
  const of = operation.node;
  return [
    { kind: "dynamic", of, x: operation.value(0) },
    { kind: "scale", of, factor: undefined },
    { kind: "zeroPoint", of },
  ];
}

/** ConvInteger or MatMulInteger. The layer is made when the sums are multiplied by their scales. */
function integerProduct(
  multiply: (operation: OnnxOperation, x: ValueItem, weights: StoredTensor) => ValueItem,
  along: "first" | "last",
): Operator {
  return (operation): ProductItem => {
    const [x, zero] = [operation.optional(0), operation.optional(2)];
    if (x?.kind !== "dynamic" || zero?.kind !== "zeroPoint" || zero.of !== x.of) {
      throw operation.unsupported("takes integers that no DynamicQuantizeLinear made.");
    }
    const weights = operation.constant(1);
    const zeroPoint = operation.optionalConstant(3);
    const scaled = (scale: StoredTensor): ValueItem => {
      const count = elementCount(scale.shape);
      const axis = count === 1 || along === "first" ? 0 : weights.shape.length - 1;
      const zeroPoints = (): ArrayLike<number> => zeroPoint?.read() ?? [];
      return multiply(operation, x.x, dequantized(weights, { axis, count, scales: () => scale.read(), zeroPoints }));
    };
    return { kind: "product", of: x.of, scaled };
  };
}

function softmax(operation: OnnxOperation): Item {
  const version = operation.integer("opset", operation.opset);
  return called(operation.with(inputsOf(operation), version), "Softmax");
}

function inputsOf(operation: OnnxOperation): readonly (Item | undefined)[] {
  return Array.from({ length: operation.inputCount }, (_, i) => operation.optional(i));
}

function called(operation: OnnxOperation, name: string): Item {
  const operator = FLOAT_OPERATORS.get(name);
  if (operator === undefined) throw operation.unsupported("is not read.");
  return operator(operation);
}

const FLOAT_OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...ELEMENTWISE_OPERATORS,
  ...WEIGHT_OPERATORS,
  ...WINDOW_OPERATORS,
]);

/** Of ONNX itself. */
export const QUANTIZED_OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["ConvInteger", integerProduct((operation, x, kernel) => convolution(operation, x, { kernel }), "first")],
  ["DequantizeLinear", dequantizeLinear],
  ["MatMulInteger", integerProduct(product, "last")],
  ["QLinearConv", between("Conv", [0, 3], 6, 8)],
  ["QLinearMatMul", between("MatMul", [0, 3], 6)],
  ["QuantizeLinear", quantizeLinear],
]);

/** Of onnxruntime: the domain com.microsoft. */
export const MICROSOFT_OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["DequantizeLinear", dequantizeLinear],
  ["QGemm", between("Gemm", [0, 3], 7, 6)],
  ["QLinearAdd", between("Add", [0, 3], 6)],
  ["QLinearAveragePool", between("AveragePool", [0], 3)],
  ["QLinearGlobalAveragePool", between("GlobalAveragePool", [0], 3)],
  ["QLinearLeakyRelu", between("LeakyRelu", [0], 3)],
  ["QLinearMul", between("Mul", [0, 3], 6)],
  ["QLinearSigmoid", between("Sigmoid", [0], 3)],
  ["QLinearSoftmax", between(softmax, [0], 3)],
  ["QuantizeLinear", quantizeLinear],
]);
