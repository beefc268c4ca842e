/** ONNX's operators that work on each value alone, or along the channels: activations, bounds, sums and products. */
import { formatShape } from "../../../core/shape.ts";
import { elementCount } from "../../bytes/element-count.ts";
import { reshaped } from "../../derived-tensor.ts";
import { type Arithmetic, withConstant } from "../../graphs/arithmetic.ts";
import type { Factor } from "../../graphs/factors.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import { type Operator, constantArithmetic } from "./constants.ts";
import { type DynamicItem, type OnnxOperation, type ValueItem, onnxShape } from "../operation.ts";

function activation(name: string): Operator {
  return (operation) => activated(operation, name);
}

function activated(operation: OnnxOperation, name: string): ValueItem {
  const x = operation.value(0);
  return { ...x, value: operation.builder.activation(x.value, name, operation.hint) };
}

/** An activation of Keras that has no numbers, where ONNX's has some; `numbers` are those of Keras's. */
function fixedActivation(
  name: string,
  numbers: Readonly<Record<string, readonly [fallback: number, keras: number]>>,
): Operator {
  return (operation) => {
    for (const [key, [fallback, keras]] of Object.entries(numbers)) {
      const given = operation.float(key, fallback);
      if (Math.abs(given - keras) > 1e-6)
        throw operation.unsupported(`has ${key}=${given}; read is ${keras}, as in Keras's ${name}.`);
    }
    return activated(operation, name);
  };
}

function gelu(operation: OnnxOperation): ValueItem {
  const approximate = operation.attribute("approximate")?.text ?? "none";
  if (approximate !== "none") throw operation.unsupported(`has approximate=${approximate}; read is none.`);
  return activated(operation, "gelu");
}

/** HardSigmoid: x × alpha + beta, cut to [0, 1]. */
function hardSigmoid(operation: OnnxOperation): ValueItem {
  const x = operation.value(0);
  const { builder, hint } = operation;
  const [alpha, beta] = [operation.float("alpha", 0.2), operation.float("beta", 0.5)];
  if (Math.abs(alpha - 1 / 6) < 1e-7 && beta === 0.5) return activated(operation, "hard_sigmoid");
  return { ...x, value: builder.clamp(builder.affine(x.value, alpha, beta, hint), 0, 1, hint) };
}

function leakyRelu(operation: OnnxOperation): ValueItem {
  return sloped(operation, operation.float("alpha", 0.01));
}

/** PRelu with one slope for all, which is a LeakyRelu. */
function pRelu(operation: OnnxOperation): ValueItem {
  const slope = operation.constant(1);
  if (elementCount(slope.shape) !== 1 || slope.shape.length > operation.value(0).axes.length) {
    throw operation.unsupported(`has slopes of shape ${formatShape(slope.shape)}; read is one for all channels.`);
  }
  return sloped(operation, slope.read()[0] ?? NaN);
}

function sloped(operation: OnnxOperation, slope: number): ValueItem {
  const x = operation.value(0);
  if (!(slope >= 0 && slope < Infinity)) throw operation.unsupported(`has the slope ${slope}; read are slopes from 0.`);
  return { ...x, value: operation.builder.leakyRelu(x.value, slope, operation.hint) };
}

function softmax(name: "softmax" | "log_softmax"): Operator {
  return (operation) => {
    const x = operation.value(0);
    const rank = x.axes.length;
    const given = operation.integer("axis", operation.opset < 13 ? 1 : -1);
    const axis = operation.axis(given, rank);
    // Before version 13 all axes from this one on are one.
    const joined = operation.opset < 13 ? onnxShape(x).slice(axis) : [];
    const isOfChannels = x.axes[axis] === rank - 1 && joined.slice(1).every((length) => length === 1);
    if (rank < 2 || !isOfChannels) {
      throw operation.unsupported(`is along axis ${given}; read is Softmax along the channels.`);
    }
    return activated(operation, name);
  };
}

/** Clip, whose bounds are inputs, or attributes up to version 10. */
function clip(operation: OnnxOperation): ValueItem {
  const limit = (i: number, attribute: string, none: number): number => {
    const given = operation.optional(i) === undefined ? operation.float(attribute, none) : operation.scalar(i);
    return Math.abs(given) > 3.4e38 ? none : given;
  };
  return clamped(operation, operation.value(0), limit(1, "min", -Infinity), limit(2, "max", Infinity));
}

export function clamped(operation: OnnxOperation, x: ValueItem, low: number, high: number): ValueItem {
  return { ...x, value: operation.builder.clamp(x.value, low, high, operation.hint) };
}

/** Max or Min of a value and numbers, which are the low or the high bound. */
function bound(isLow: boolean): Operator {
  return (operation) => {
    const numbers: number[] = [];
    const values: ValueItem[] = [];
    for (let i = 0; i < operation.inputCount; i++) {
      if (operation.item(i).kind === "value") values.push(operation.value(i));
      else numbers.push(bounding(operation, operation.constant(i)));
    }
    const [x, ...more] = values;
    if (x === undefined || more.length > 0) {
      throw operation.unsupported(`is of ${values.length} computed values; read are bounds: one value and numbers.`);
    }
    return isLow
      ? clamped(operation, x, Math.max(-Infinity, ...numbers), Infinity)
      : clamped(operation, x, -Infinity, Math.min(Infinity, ...numbers));
  };
}

function bounding(operation: OnnxOperation, tensor: StoredTensor): number {
  const count = elementCount(tensor.shape);
  const isSmall = Array.from({ length: operation.inputCount }, (_, i) => operation.item(i)).some(
    (item) => item.kind === "value" && item.axes.length >= tensor.shape.length,
  );
  if (count === 1 && isSmall) return tensor.read()[0] ?? NaN;
  throw operation.unsupported(
    `bounds by a constant of shape ${formatShape(tensor.shape)}; read is one number for all.`,
  );
}

/** The sum of two values; or a sum, a difference, a product or a quotient of a value and a constant, or of two constants. */
function arithmetic(kind: Arithmetic): Operator {
  return (operation) => {
    const scaled = kind === "multiply" ? timesScale(operation) : undefined;
    if (scaled !== undefined) return scaled;
    const { builder, hint } = operation;
    const [a, b] = [operation.item(0), operation.item(1)];
    if (a.kind === "value" && b.kind === "value") {
      if (kind !== "add") throw operation.unsupported("of two computed values is not read: only their sum is.");
      return added(operation, operation.value(0), operation.value(1));
    }
    if (a.kind !== "value" && b.kind !== "value") return constantArithmetic(operation, kind);
    const at = a.kind === "value" ? 0 : 1;
    const x = operation.value(at);
    const factor = constantFactor(operation, x, operation.constant(1 - at), kind);
    const value = withConstant(builder, x.value, kind, factor, { reversed: at === 1, hint });
    if (value === undefined) throw operation.unsupported("divides by a computed value.");
    return { ...x, value };
  };
}

/** A constant that is broadcast over a value: one number, or one a channel. */
function constantFactor(operation: OnnxOperation, x: ValueItem, tensor: StoredTensor, kind: Arithmetic): Factor {
  const count = elementCount(tensor.shape);
  const missing = x.axes.length - tensor.shape.length;
  const isOfChannels = tensor.shape.every((length, i) => length === 1 || x.axes[i + missing] === x.axes.length - 1);
  const channels = x.value.shape.at(-1) ?? null;
  if (missing < 0 || !(count === 1 || (isOfChannels && channels !== null && (channels > 1 || count === channels)))) {
    throw operation.unsupported(
      `takes a constant of shape ${formatShape(tensor.shape)} and a value of shape ${formatShape(onnxShape(x))}; read are one number, or one a channel.`,
    );
  }
  if (count !== 1) return reshaped(tensor, [count]);
  const number = tensor.read()[0] ?? NaN;
  if (!Number.isFinite(number) || (kind === "divide" && number === 0)) {
    throw operation.unsupported(`has the number ${number} as its constant: what comes of it is NaN or infinite.`);
  }
  return number;
}

function added(operation: OnnxOperation, a: ValueItem, b: ValueItem): ValueItem {
  const fits = (length: number | null, i: number): boolean => {
    const other = b.value.shape[i] ?? null;
    return length === other || length === 1 || other === 1;
  };
  if (a.axes.join() === b.axes.join() && a.value.shape.every(fits)) {
    return { ...a, value: operation.builder.add(a.value, b.value, operation.hint) };
  }
  throw operation.unsupported(
    `adds values of shapes ${formatShape(onnxShape(a))} and ${formatShape(onnxShape(b))}, with other axes or in another order.`,
  );
}

/** Sum of any number of values and constants. */
function sum(operation: OnnxOperation): ReturnType<Operator> {
  if (operation.inputCount === 1) return operation.value(0);
  let total = operation.optional(0);
  for (let i = 1; i < operation.inputCount; i++) {
    total = arithmetic("add")(operation.with([total, operation.optional(i)]));
  }
  return total ?? operation.item(0);
}

/** A factor of the scale that integers get while the graph runs, or what these integers were made to, times that. */
function timesScale(operation: OnnxOperation): ValueItem | DynamicItem | undefined {
  const [a, b] = [operation.optional(0), operation.optional(1)];
  const scale = a?.kind === "scale" ? a : b?.kind === "scale" ? b : undefined;
  const other = scale === a ? b : a;
  if (scale === undefined || other === undefined) return undefined;
  if (other.kind === "constant" && scale.factor === undefined) return { ...scale, factor: other.tensor };
  if (other.kind === "product" && other.of === scale.of && scale.factor !== undefined)
    return other.scaled(scale.factor);
  return undefined;
}

export const ELEMENTWISE_OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["Add", arithmetic("add")],
  ["Celu", fixedActivation("celu", { alpha: [1, 1] })],
  ["Clip", clip],
  ["Div", arithmetic("divide")],
  ["Elu", fixedActivation("elu", { alpha: [1, 1] })],
  ["Exp", activation("exponential")],
  ["Gelu", gelu],
  ["HardSigmoid", hardSigmoid],
  ["HardSwish", activation("hard_silu")],
  ["LeakyRelu", leakyRelu],
  ["LogSoftmax", softmax("log_softmax")],
  ["Max", bound(true)],
  ["Min", bound(false)],
  ["Mish", activation("mish")],
  ["Mul", arithmetic("multiply")],
  ["PRelu", pRelu],
  ["Relu", (operation: OnnxOperation) => clamped(operation, operation.value(0), 0, Infinity)],
  ["Selu", fixedActivation("selu", { alpha: [1.6732632, 1.6732632], gamma: [1.0507009, 1.0507009] })],
  ["Sigmoid", activation("sigmoid")],
  ["Softmax", softmax("softmax")],
  ["Softplus", activation("softplus")],
  ["Softsign", activation("softsign")],
  ["Sub", arithmetic("subtract")],
  ["Sum", sum],
  ["Tanh", activation("tanh")],
]);
