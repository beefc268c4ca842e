/** Operators of TensorFlow that are read alike from TF.js and from TFLite. */
import { type Arithmetic, withConstant } from "./arithmetic.ts";
import { elementCount } from "../bytes/element-count.ts";
import { reshaped, transposed } from "../derived-tensor.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { Factor } from "./factors.ts";
import type { Padding2D } from "../../core/padding.ts";
import { formatShape } from "../../core/shape.ts";
import { type TensorFlowOperation, isComputed } from "./tensorflow-operation.ts";
import type { Value } from "./value.ts";
import { type View, formatView, lastAxis, plainValue, viewOf } from "./view.ts";

/** The sum of two values; or a sum, a difference, a product or a quotient of a value and a constant. */
export function arithmetic(operation: TensorFlowOperation, kind: Arithmetic): View {
  const { builder, hint } = operation;
  const [a, b] = [operation.optional(0), operation.optional(1)];
  if (isComputed(a) && isComputed(b)) {
    if (kind !== "add") throw operation.unsupported("is of two computed values: only their sum is read.");
    return sum(operation);
  }
  const at = isComputed(a) ? 0 : 1;
  const x = operation.tidy(at);
  const constant = operation.constant(1 - at);
  const factor = channelFactor(constant, x);
  const options = { reversed: at === 1, hint };
  const value = factor === undefined ? undefined : withConstant(builder, x.value, kind, factor, options);
  if (value !== undefined) return { ...x, value };
  throw operation.unsupported(
    `takes a constant of shape ${formatShape(constant.shape)} and a tensor of shape ${formatView(x)}; read are one number, ` +
      "or one a channel, and no quotients of them.",
  );
}

function sum(operation: TensorFlowOperation): View {
  const { builder, hint } = operation;
  const [a, b] = [operation.tidy(0), operation.tidy(1)];
  const arePlain = [a, b].every((x) => plainValue(builder, x) !== undefined);
  if (arePlain && a.axes.length === b.axes.length) return viewOf(builder.add(a.value, b.value, hint));
  const isAlike = a.axes.join(";") === b.axes.join(";") && a.value.shape.length === b.value.shape.length;
  if (isAlike) return { ...a, value: builder.add(a.value, b.value, hint) };
  throw operation.unsupported(
    `adds tensors of shapes ${formatView(a)} and ${formatView(b)} whose axes are not in the same order.`,
  );
}

/** A constant that is broadcast over a value: one number, or one a channel. Undefined if it is neither. */
function channelFactor(tensor: StoredTensor, { value, axes }: View): Factor | undefined {
  const { shape } = tensor;
  const count = elementCount(shape);
  if (shape.length > axes.length) return undefined;
  if (count === 1) return tensor.read()[0] ?? NaN;
  const last = value.shape.length - 1;
  const channels = axes.findIndex((group) => group.join() === String(last)) - (axes.length - shape.length);
  return value.shape[last] === count && shape[channels] === count ? reshaped(tensor, [count]) : undefined;
}

/** The first `count` inputs, values of layers, joined along an axis of the file's. */
export function joined(operation: TensorFlowOperation, count: number, given: number): View {
  const views = Array.from({ length: count }, (_, i) => operation.tidy(i));
  const [first, ...others] = views;
  if (first === undefined) throw operation.broken("joins nothing.");
  const at = operation.axis(given, first.axes.length);
  const values = views.map(({ value }) => value);
  const join = (axis: number): Value => operation.builder.layer("Concatenate", operation.hint, { axis }, values);
  const rank = first.value.shape.length;
  const arePlain = views.every((x) => x.value.shape.length === rank && plainValue(operation.builder, x) === x.value);
  if (arePlain && at > 0) return viewOf(join(at));
  const [axis = 0, ...more] = first.axes[at] ?? [];
  const areAlike = others.every((x) => x.value.shape.length === rank && x.axes.join(";") === first.axes.join(";"));
  if (axis > 0 && more.length === 0 && areAlike) return { ...first, value: join(axis), hint: operation.hint };
  throw operation.unsupported(`joins tensors along the axis ${at} of ${formatView(first)}, which no layer here does.`);
}

/** A value with a number as its low or its high bound: the larger or the smaller of the two. */
export function bounded(operation: TensorFlowOperation, bound: "low" | "high"): View {
  const at = isComputed(operation.optional(0)) ? 0 : 1;
  const [limit = NaN, ...more] = operation.known(1 - at);
  if (more.length > 0) throw operation.unsupported("bounds by more than one number.");
  const { builder, hint } = operation;
  const x = operation.tidy(at);
  const value =
    bound === "low" ? builder.clampAgain(x.value, limit, hint) : builder.clamp(x.value, -Infinity, limit, hint);
  return { ...x, value };
}

/** The mean over rows and columns; its second input says the axes. */
export function pictureMean(operation: TensorFlowOperation, keepdims: boolean): View {
  return reducedPicture(operation, keepdims, (x, keep) => operation.builder.globalAverage(x, keep, operation.hint));
}

/** Rows and columns as one, by a layer that keeps them with the length 1 or not. */
export function reducedPicture(
  operation: TensorFlowOperation,
  keepdims: boolean,
  reduce: (x: Value, keepdims: boolean) => Value,
): View {
  const x = operation.view(0);
  const given = operation.known(1).map((axis) => (axis < 0 ? axis + x.axes.length : axis));
  const reduced: readonly number[] = given.flatMap((axis) => x.axes[axis] ?? [NaN]);
  const { shape } = x.value;
  const isPicture = shape.length === 4 && reduced.every((axis) => axis === 1 || axis === 2);
  const areAll = [1, 2].every((axis) => shape[axis] === 1 || reduced.includes(axis));
  if (!isPicture || !areAll) {
    throw operation.unsupported(
      `is over the axes [${given.join(", ")}] of a tensor of shape ${formatView(x)}; read is one over rows and columns.`,
    );
  }
  if (plainValue(operation.builder, x) === x.value) return viewOf(reduce(x.value, keepdims));
  const value = reduce(x.value, false);
  const moved = x.axes.map((group) => group.flatMap((axis) => (axis === 0 ? [0] : axis === 3 ? [1] : [])));
  const axes = moved.filter((_, axis) => keepdims || !given.includes(axis));
  return { value, axes, hint: operation.hint };
}

/** A matrix (inputs, units) along the last axis of a tensor. */
export function dense(
  operation: TensorFlowOperation,
  x: View,
  matrix: StoredTensor,
  bias: StoredTensor | undefined,
): View {
  const { builder, hint } = operation;
  const reordered = denseOfReordered(x, matrix);
  if (reordered !== undefined) {
    return viewOf(builder.dense(builder.reshape(x.value, [-1], `${hint}_flatten`), reordered, bias, hint));
  }
  const axis = lastAxis(x, operation.batch) ?? (matrix.shape[0] === 1 ? x.value.shape.length - 1 : undefined);
  if (axis !== x.value.shape.length - 1) {
    throw operation.unsupported(`takes a tensor of shape ${formatView(x)} whose last axis is no layer's.`);
  }
  const value = builder.dense(x.value, matrix, bias, hint);
  // Another number of units may be 1, or no longer.
  const units = matrix.shape[1] === 1 ? [] : [axis];
  const last = (x.axes.at(-1) ?? []).filter((own) => own !== axis);
  return { value, axes: [...x.axes.slice(0, -1), [...last, ...units]], hint };
}

/** The matrix for a list of our values, if the file's list has them in another order: such as channels first. */
function denseOfReordered({ value, axes }: View, matrix: StoredTensor): StoredTensor | undefined {
  const [batch, list = [], ...more] = axes;
  if (batch?.join() !== "0" || list.length < 2 || more.length > 0) return undefined;
  const lengths = list.map((axis) => value.shape[axis] ?? NaN);
  const [inputs = 0, units = 0] = matrix.shape;
  if (elementCount(lengths) !== inputs) return undefined;
  const order = list.toSorted((a, b) => a - b).map((axis) => list.indexOf(axis));
  return reshaped(transposed(reshaped(matrix, [...lengths, units]), [...order, list.length]), [inputs, units]);
}

/** Zeros around rows and columns; the second input says how many. */
export function padded(operation: TensorFlowOperation): View {
  const x = operation.view(0);
  const given = operation.known(1);
  const fill = operation.optional(2) === undefined ? [0] : operation.known(2);
  if (given.length !== 2 * x.axes.length || given.some((zeros) => !(zeros >= 0))) {
    throw operation.broken(`has the pads [${given.join(", ")}].`);
  }
  /** Zeros before and after the axis of the value. */
  const around = (axis: number): readonly [number, number] => {
    const at = x.axes.findIndex((group) => group.join() === String(axis));
    return at === -1 ? [0, 0] : [given[2 * at] ?? 0, given[2 * at + 1] ?? 0];
  };
  const padding: Padding2D = [around(1), around(2)];
  const count = padding.flat().reduce((total, zeros) => total + zeros, 0);
  const isOfPicture = x.value.shape.length === 4 && given.reduce((total, zeros) => total + zeros, 0) === count;
  if (!isOfPicture || padding.flat().some((zeros) => zeros >= 2 ** 16) || fill.some((zero) => zero !== 0)) {
    throw operation.unsupported("is not read: only zeros around rows and columns are.");
  }
  return { ...x, value: operation.builder.pad(x.value, padding, operation.hint) };
}

export function leaky(operation: TensorFlowOperation, x: Value, slope: number): Value {
  if (slope >= 0 && slope < Infinity) return operation.builder.leakyRelu(x, slope, operation.hint);
  throw operation.unsupported(`has the slope ${slope} below 0; read are slopes from 0.`);
}

/** What is done to each value alone. */
export function eachValue<O extends TensorFlowOperation>(
  apply: (operation: O, x: Value) => Value,
): (operation: O) => View {
  return (operation) => {
    const x = operation.tidy(0);
    return { ...x, value: apply(operation, x.value) };
  };
}
