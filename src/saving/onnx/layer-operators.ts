/** ONNX's operators that compute something, as layers. */
import type { Padding2D } from "../../core/padding.ts";
import { formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { type Arithmetic, withConstant } from "../graphs/arithmetic.ts";
import { dequantized, reshaped, transposed } from "../derived-tensor.ts";
import type { Factor } from "../graphs/factors.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import {
  CHANNELS_FIRST,
  type Item,
  type Operation,
  type ValueItem,
  isOurOrder,
  onnxShape,
  valueItem,
} from "./operation.ts";
import { type Operator, SHAPE_OPERATORS, shortest } from "./shape-operators.ts";

/** The first input as a picture with its channels first, which convolutions and pools of ONNX take. */
function picture(operation: Operation): ValueItem {
  const x = operation.value(0);
  if (x.axes.length === 4 && x.axes.every((axis, i) => axis === CHANNELS_FIRST[i])) return x;
  throw operation.unsupported(
    `takes a tensor with the axes ${formatShape(onnxShape(x))}; read are pictures: (batch, channels, rows, cols).`,
  );
}

/** The padding of a window, by its attributes `auto_pad` and `pads`. */
function windowPadding(operation: Operation): Padding2D | "same" | "valid" {
  const mode = operation.attribute("auto_pad")?.text ?? "NOTSET";
  if (mode === "SAME_UPPER") return "same";
  if (mode === "VALID") return "valid";
  if (mode !== "NOTSET") throw operation.unsupported(`has auto_pad=${mode}; read are SAME_UPPER, VALID and NOTSET.`);
  const [top = 0, left = 0, bottom = 0, right = 0, ...more] = operation.integers("pads") ?? [];
  const pads: Padding2D = [
    [top, bottom],
    [left, right],
  ];
  if (more.length > 0 || pads.flat().some((zeros) => !(zeros >= 0 && zeros < 2 ** 16))) {
    throw operation.unsupported(`has pads=[${(operation.integers("pads") ?? []).slice(0, 8).join(", ")}].`);
  }
  return pads;
}

function conv(operation: Operation): ValueItem {
  const x = picture(operation);
  const kernel = operation.constant(1);
  if (kernel.shape.length !== 4) {
    throw operation.unsupported(
      `has a kernel of shape ${formatShape(kernel.shape)}; read are convolutions of pictures.`,
    );
  }
  const value = operation.builder.convolution(
    x.value,
    {
      kernel: transposed(kernel, [2, 3, 1, 0]),
      bias: operation.optionalConstant(2),
      strides: operation.pair("strides", [1, 1]),
      dilation: operation.pair("dilations", [1, 1]),
      padding: windowPadding(operation),
      groups: operation.integer("group", 1),
    },
    operation.hint,
  );
  return valueItem(value, x.axes);
}

function batchNormalization(operation: Operation): ValueItem {
  const x = channelsSecond(operation);
  if (operation.integer("training_mode", 0) !== 0) throw operation.unsupported("is in training mode.");
  const weights = {
    gamma: operation.constant(1),
    beta: operation.constant(2),
    mean: operation.constant(3),
    variance: operation.constant(4),
    epsilon: shortest(operation.float("epsilon", 1e-5)),
  };
  return valueItem(operation.builder.batchNormalization(x.value, weights, operation.hint), x.axes);
}

function channelsSecond(operation: Operation): ValueItem {
  const x = operation.value(0);
  if (x.axes[1] === x.axes.length - 1) return x;
  throw operation.unsupported(`takes channels at axis 1 of ${formatShape(onnxShape(x))}.`);
}

function globalAveragePool(operation: Operation): ValueItem {
  const x = picture(operation);
  return valueItem(operation.builder.globalAverage(x.value, true, operation.hint), x.axes);
}

function globalMaxPool(operation: Operation): ValueItem {
  const x = picture(operation);
  const value = operation.builder.layer("GlobalMaxPooling2D", operation.hint, { keepdims: true }, [x.value]);
  return valueItem(value, x.axes);
}

/** HardSigmoid with Keras's numbers: x / 6 + 1 / 2, cut to [0, 1]. */
function hardSigmoid(operation: Operation): Item {
  const isKeras = Math.abs(operation.float("alpha", 0.2) - 1 / 6) < 1e-7 && operation.float("beta", 0.5) === 0.5;
  if (!isKeras) throw operation.unsupported("has other numbers than Keras's hard_sigmoid.");
  return activation("hard_sigmoid")(operation);
}

function reduceMean(operation: Operation): ValueItem {
  const x = operation.value(0);
  const given = operation.integersOrInput("axes", 1) ?? [];
  const ours = given.map((axis) => x.axes[operation.axis(axis, x.axes.length)] ?? 0);
  if (x.axes.length !== 4 || ours.toSorted((a, b) => a - b).join() !== "1,2") {
    throw operation.unsupported(`is over the axes [${given.join(", ")}]; read is the mean over rows and columns.`);
  }
  const keepdims = operation.integer("keepdims", 1) !== 0;
  const value = operation.builder.globalAverage(x.value, keepdims, operation.hint);
  return keepdims ? valueItem(value, x.axes) : valueItem(value);
}

function averagePool(operation: Operation): ValueItem {
  const x = picture(operation);
  const size = operation.pair("kernel_shape", [1, 1]);
  const padding = windowPadding(operation);
  const isPadded = typeof padding === "string" ? padding === "same" : padding.flat().some((zeros) => zeros !== 0);
  const isPlain =
    operation.integer("ceil_mode", 0) === 0 &&
    operation.pair("dilations", [1, 1]).every((step) => step === 1) &&
    (!isPadded || operation.integer("count_include_pad", 0) === 0);
  if (!isPlain) throw operation.unsupported("counts zeros, dilates or rounds in a way that no layer of Keras does.");
  const strides = operation.pair("strides", [1, 1]);
  return valueItem(operation.builder.averagePool(x.value, size, strides, padding, operation.hint), x.axes);
}

function pad(operation: Operation): ValueItem {
  const x = operation.value(0);
  const rank = x.axes.length;
  const given = operation.integersOrInput("pads", 1) ?? [];
  const mode = operation.attribute("mode")?.text ?? "constant";
  const fill = operation.optional(2) === undefined ? operation.float("value", 0) : operation.scalar(2);
  const onAxes = operation.optional(3) === undefined ? x.axes.map((_, i) => i) : operation.known(3);
  const before = [0, 0, 0, 0];
  const after = [0, 0, 0, 0];
  for (const [i, axis] of onAxes.entries()) {
    const our = x.axes[operation.axis(axis, rank)] ?? 0;
    before[our] = given[i] ?? 0;
    after[our] = given[i + onAxes.length] ?? 0;
  }
  const [batch, top = 0, left = 0, channels] = before;
  const [batchAfter, bottom = 0, right = 0, channelsAfter] = after;
  const others = [batch, channels, batchAfter, channelsAfter];
  if (rank !== 4 || mode !== "constant" || fill !== 0 || others.some((zeros) => zeros !== 0)) {
    throw operation.unsupported(`(mode ${mode}, value ${fill}) is not read: only zeros around rows and columns are.`);
  }
  if ([top, left, bottom, right].some((zeros) => !(zeros >= 0 && zeros < 2 ** 16))) {
    throw operation.unsupported(`has the pads [${given.join(", ")}].`);
  }
  const padding: Padding2D = [
    [top, bottom],
    [left, right],
  ];
  return valueItem(operation.builder.pad(x.value, padding, operation.hint), x.axes);
}

function gemm(operation: Operation): ValueItem {
  const x = operation.value(0);
  const matrix = operation.constant(1);
  const bias = operation.optionalConstant(2);
  const isPlain = operation.float("alpha", 1) === 1 && operation.integer("transA", 0) === 0 && x.axes.length === 2;
  if (!isPlain || (bias !== undefined && operation.float("beta", 1) !== 1)) {
    throw operation.unsupported("scales or transposes: a Dense layer does not.");
  }
  const kernel = operation.integer("transB", 0) === 0 ? matrix : transposed(matrix, [1, 0]);
  const units = kernel.shape[1] ?? 0;
  const isRow = bias !== undefined && elementCount(bias.shape) === units;
  if (bias !== undefined && !isRow) throw operation.unsupported(`adds a tensor of shape ${formatShape(bias.shape)}.`);
  return valueItem(operation.builder.dense(x.value, kernel, bias && reshaped(bias, [units]), operation.hint));
}

function matMul(operation: Operation): ValueItem {
  const x = operation.value(0);
  if (!isOurOrder(x)) throw operation.unsupported("multiplies a picture with its channels first.");
  return valueItem(operation.builder.dense(x.value, operation.constant(1), undefined, operation.hint));
}

/** Clip, whose bounds are inputs, or attributes up to version 10. */
function clip(operation: Operation): ValueItem {
  const x = operation.value(0);
  const limit = (i: number, attribute: string, none: number): number => {
    const given = operation.optional(i) === undefined ? operation.float(attribute, none) : operation.scalar(i);
    return Math.abs(given) > 3.4e38 ? none : given;
  };
  return clamped(operation, x, limit(1, "min", -Infinity), limit(2, "max", Infinity));
}

function clamped(operation: Operation, x: ValueItem, low: number, high: number): ValueItem {
  return valueItem(operation.builder.clamp(x.value, low, high, operation.hint), x.axes);
}

/** Max or Min of a value and a number, which is the low or the high bound. */
function bound(isLow: boolean): Operator {
  return (operation) => {
    const i = operation.item(0).kind === "value" ? 0 : 1;
    const limit = operation.scalar(1 - i);
    return clamped(operation, operation.value(i), isLow ? limit : -Infinity, isLow ? Infinity : limit);
  };
}

function activation(name: string): Operator {
  return (operation) => {
    const x = operation.value(0);
    return valueItem(operation.builder.activation(x.value, name, operation.hint), x.axes);
  };
}

function leakyRelu(operation: Operation): ValueItem {
  const x = operation.value(0);
  return valueItem(operation.builder.leakyRelu(x.value, operation.float("alpha", 0.01), operation.hint), x.axes);
}

function softmax(name: "softmax" | "log_softmax"): Operator {
  return (operation) => {
    const x = operation.value(0);
    const rank = x.axes.length;
    const axis = operation.axis(operation.integer("axis", operation.opset < 13 ? 1 : -1), rank);
    // Before version 13 all axes from this one on are one.
    if (x.axes[axis] !== rank - 1 || (operation.opset < 13 && axis !== rank - 1)) {
      throw operation.unsupported(`is along axis ${axis}; read is Softmax along the channels.`);
    }
    return valueItem(operation.builder.activation(x.value, name, operation.hint), x.axes);
  };
}

/** The sum of two values; or a sum, a difference, a product or a quotient of a value and a constant. */
function arithmetic(kind: Arithmetic): Operator {
  return (operation) => {
    const { builder, hint } = operation;
    const [a, b] = [operation.item(0), operation.item(1)];
    if (a.kind === "value" && b.kind === "value") {
      const isSum = kind === "add" && a.axes.join() === b.axes.join();
      if (!isSum) throw operation.unsupported("of two computed values is not read: only their sum is.");
      return valueItem(builder.add(a.value, b.value, hint), a.axes);
    }
    const at = a.kind === "value" ? 0 : 1;
    const x = operation.value(at);
    const factor = constantFactor(operation, x, operation.constant(1 - at));
    const value = withConstant(builder, x.value, kind, factor, { reversed: at === 1, hint });
    if (value === undefined) throw operation.unsupported("divides by a computed value.");
    return valueItem(value, x.axes);
  };
}

/** A constant that is broadcast over a value: one number, or one a channel. */
function constantFactor(operation: Operation, x: ValueItem, tensor: StoredTensor): Factor {
  const count = elementCount(tensor.shape);
  if (count === 1) return tensor.read()[0] ?? NaN;
  const missing = x.axes.length - tensor.shape.length;
  const isOfChannels = tensor.shape.every((length, i) => length === 1 || x.axes[i + missing] === x.axes.length - 1);
  if (missing >= 0 && isOfChannels) return reshaped(tensor, [count]);
  throw operation.unsupported(
    `takes a constant of shape ${formatShape(tensor.shape)}; read are one number, or one a channel.`,
  );
}

/** The smallest and the largest number of each type of integers. */
const INTEGERS: ReadonlyMap<string, readonly [low: number, high: number]> = new Map([
  ["uint8", [0, 255]],
  ["int8", [-128, 127]],
  ["uint16", [0, 65535]],
  ["int16", [-32768, 32767]],
]);

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

/**
 * Values are not rounded here: they stay float32. But quantizers leave ReLU6 out if the integers cannot say more than it
 * does, so a range that begins at 0 bounds.
 */
function quantizeLinear(operation: Operation): ValueItem {
  const x = operation.value(0);
  const zeroPoint = operation.optionalConstant(2);
  const [low, high] = INTEGERS.get(zeroPoint?.dtype ?? "uint8") ?? [];
  if (low === undefined || high === undefined) throw operation.unsupported(`makes ${zeroPoint?.dtype} of values.`);
  const isSingle = [operation.constant(1), zeroPoint].every((t) => t === undefined || elementCount(t.shape) === 1);
  if (!isSingle) throw operation.unsupported("has more than one scale.");
  const [scale = NaN] = operation.constant(1).read();
  const [zero = 0] = zeroPoint?.read() ?? [];
  const isSoft = "activation" in x.value.config;
  if (zero !== low || isSoft || !UNBOUNDED.includes(x.value.className)) return x;
  return clamped(operation, x, 0, Math.fround((high - low) * scale));
}

function dequantizeLinear(operation: Operation): Item {
  const x = operation.item(0);
  if (x.kind === "value") return x;
  if (operation.integer("block_size", 0) !== 0) throw operation.unsupported("has scales for blocks.");
  const tensor = operation.constant(0);
  const scale = operation.constant(1);
  const zeroPoint = operation.optionalConstant(2);
  const rank = tensor.shape.length;
  const count = elementCount(scale.shape);
  return operation.derived(
    dequantized(tensor, {
      axis: rank === 0 || count === 1 ? 0 : operation.axis(operation.integer("axis", 1), rank),
      count,
      scales: () => scale.read(),
      zeroPoints: () => zeroPoint?.read() ?? [],
    }),
  );
}

export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...SHAPE_OPERATORS,
  ["Add", arithmetic("add")],
  ["AveragePool", averagePool],
  ["BatchNormalization", batchNormalization],
  ["Clip", clip],
  ["Conv", conv],
  ["DequantizeLinear", dequantizeLinear],
  ["Div", arithmetic("divide")],
  ["Elu", activation("elu")],
  ["Exp", activation("exponential")],
  ["Gemm", gemm],
  ["GlobalAveragePool", globalAveragePool],
  ["GlobalMaxPool", globalMaxPool],
  ["HardSigmoid", hardSigmoid],
  ["HardSwish", activation("hard_silu")],
  ["LeakyRelu", leakyRelu],
  ["LogSoftmax", softmax("log_softmax")],
  ["MatMul", matMul],
  ["Max", bound(true)],
  ["Min", bound(false)],
  ["Mul", arithmetic("multiply")],
  ["Pad", pad],
  ["QuantizeLinear", quantizeLinear],
  ["ReduceMean", reduceMean],
  ["Relu", (operation: Operation) => clamped(operation, operation.value(0), 0, Infinity)],
  ["Sigmoid", activation("sigmoid")],
  ["Softmax", softmax("softmax")],
  ["Softplus", activation("softplus")],
  ["Softsign", activation("softsign")],
  ["Sub", arithmetic("subtract")],
  ["Tanh", activation("tanh")],
]);

/** The names of what is read, for messages. */
export const OPERATOR_NAMES: readonly string[] = [...OPERATORS.keys()].toSorted();
