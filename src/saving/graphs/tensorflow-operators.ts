/** Operators of TensorFlow that are read alike from TF.js and from TFLite. */
import { type Arithmetic, withConstant } from "./arithmetic.ts";
import { elementCount } from "../bytes/element-count.ts";
import { reshaped } from "../derived-tensor.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { Factor } from "./factors.ts";
import { formatShape, shapesEqual } from "../../core/shape.ts";
import { type TensorFlowOperation, isComputed } from "./tensorflow-operation.ts";
import type { Value } from "./value.ts";
import { type View, formatView, plainValue, viewOf } from "./view.ts";

type AnyOperation = TensorFlowOperation<unknown>;

/** The sum of two values; or a sum, a difference, a product or a quotient of a value and a constant. */
export function arithmetic(operation: AnyOperation, kind: Arithmetic): View {
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

function sum(operation: AnyOperation): View {
  const { builder, hint } = operation;
  const [a, b] = [operation.tidy(0), operation.tidy(1)];
  const arePlain = [a, b].every((x) => plainValue(builder, x) !== undefined);
  if (arePlain && a.axes.length === b.axes.length) {
    if (shapesEqual(a.value.shape, b.value.shape)) return viewOf(builder.add(a.value, b.value, hint));
    throw operation.unsupported(
      `adds tensors of shapes ${formatView(a)} and ${formatView(b)}; read are sums of equal shapes.`,
    );
  }
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

/** A value with a number as its low or its high bound: the larger or the smaller of the two. */
export function bounded(operation: AnyOperation, bound: "low" | "high"): View {
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
export function pictureMean(operation: AnyOperation, keepdims: boolean): View {
  return reducedPicture(operation, keepdims, (x, keep) => operation.builder.globalAverage(x, keep, operation.hint));
}

/** Rows and columns as one, by a layer that keeps them with the length 1 or not. */
export function reducedPicture(
  operation: AnyOperation,
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
