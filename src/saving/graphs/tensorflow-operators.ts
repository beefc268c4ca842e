/** Operators of TensorFlow that are read alike from TF.js and from TFLite. */
import { formatShape, shapesEqual } from "../../core/shape.ts";
import { type Arithmetic, channelFactor, withConstant } from "./arithmetic.ts";
import { type TensorFlowOperation, isValue } from "./tensorflow-operation.ts";
import type { Value } from "./value.ts";

type AnyOperation = TensorFlowOperation<unknown>;

/** The sum of two values; or a sum, a difference, a product or a quotient of a value and a constant. */
export function arithmetic(operation: AnyOperation, kind: Arithmetic): Value {
  const { builder, hint } = operation;
  const [a, b] = [operation.optional(0), operation.optional(1)];
  if (isValue(a) && isValue(b)) {
    if (kind !== "add") throw operation.unsupported("is of two computed values: only their sum is read.");
    if (!shapesEqual(a.shape, b.shape)) {
      throw operation.unsupported(
        `adds values of the shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}; read are sums of equal shapes.`,
      );
    }
    return builder.add(a, b, hint);
  }
  const at = isValue(a) ? 0 : 1;
  const x = operation.value(at);
  const constant = operation.constant(1 - at);
  const factor = channelFactor(constant, x.shape);
  const value = factor === undefined ? undefined : withConstant(builder, x, kind, factor, { reversed: at === 1, hint });
  if (value !== undefined) return value;
  throw operation.unsupported(
    `takes a constant of shape ${formatShape(constant.shape)}; read are one number, or one a channel, and no quotients of them.`,
  );
}

/** A value with a number as its low or its high bound: the larger or the smaller of the two. */
export function bounded(operation: AnyOperation, bound: "low" | "high"): Value {
  const at = isValue(operation.optional(0)) ? 0 : 1;
  const [limit = NaN, ...more] = operation.known(1 - at);
  if (more.length > 0) throw operation.unsupported("bounds by more than one number.");
  const { builder, hint } = operation;
  const x = operation.value(at);
  return bound === "low" ? builder.clampAgain(x, limit, hint) : builder.clamp(x, -Infinity, limit, hint);
}

/** The mean over rows and columns; its second input says the axes. */
export function pictureMean(operation: AnyOperation, keepdims: boolean): Value {
  const x = operation.value(0);
  const rank = x.shape.length;
  const axes = operation.known(1).map((axis) => (axis < 0 ? axis + rank : axis));
  if (rank !== 4 || axes.toSorted((a, b) => a - b).join() !== "1,2") {
    throw operation.unsupported(`is over the axes [${axes.join(", ")}]; read is the mean over rows and columns.`);
  }
  return operation.builder.globalAverage(x, keepdims, operation.hint);
}
