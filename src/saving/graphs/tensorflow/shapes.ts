/** TensorFlow's operators that change shapes, and those that make the numbers of a shape. */
import { type Shape, formatShape } from "../../../core/shape.ts";
import { reshaped, transposed } from "../../derived-tensor.ts";
import { MAX_NUMBERS } from "../operation.ts";
import { isConstant, isValue } from "../tensorflow-operation.ts";
import type { Item, Operation } from "./operation.ts";

/** The size of the batch, which may be anything, may stand as null, as -1, or as the number that the graph was made for. */
export function reshape(operation: Operation): Item {
  const x = operation.optional(0);
  const target = operation.numbers(1);
  if (isConstant(x)) {
    const axes = target.map((axis) => axis ?? NaN);
    return reshaped(x, withRest(axes, x.shape));
  }
  const value = operation.value(0);
  const [batch = null, ...rest] = target.map((axis) => axis ?? NaN);
  const isBatch = target[0] === null || batch === operation.batch || (batch === -1 && !rest.includes(-1));
  const isShape = target.length > 1 && rest.every((axis) => axis > 0 || axis === -1);
  const own = sizeOf(value.shape.slice(1));
  const isWhole = Number.isNaN(own) || (rest.includes(-1) ? own % -sizeOf(rest) === 0 : own === sizeOf(rest));
  if (!isBatch || !isShape || !isWhole || rest.filter((axis) => axis === -1).length > 1) {
    throw operation.unsupported(`makes the shape ${formatShape(target)} of ${formatShape(value.shape)}.`);
  }
  return operation.builder.reshape(value, rest, operation.hint);
}

/** The product; NaN if an axis is not known. */
function sizeOf(shape: Shape): number {
  return shape.reduce<number>((size, axis) => size * (axis ?? NaN), 1);
}

/** The shape with a number in place of -1. */
function withRest(target: readonly number[], shape: readonly number[]): readonly number[] {
  return target.map((axis) => (axis === -1 ? sizeOf(shape) / -sizeOf(target) : axis));
}

export function squeeze(operation: Operation): Item {
  const { attributes, builder, hint } = operation;
  const given = [...attributes.integers("squeeze_dims"), ...attributes.integers("axis")];
  const x = operation.optional(0);
  if (isConstant(x)) {
    const axes = operation.axes(given, x.shape.length);
    return reshaped(
      x,
      x.shape.filter((length, i) => (axes.length === 0 ? length !== 1 : !axes.includes(i))),
    );
  }
  const { shape } = operation.value(0);
  const axes = operation.axes(given, shape.length);
  if (axes.some((axis) => axis === 0 || shape[axis] !== 1)) {
    throw operation.unsupported(
      `squeezes the axes [${given.join(", ")}] of the shape ${formatShape(shape)}; read are axes of length 1 but for the batch.`,
    );
  }
  const rest = shape.filter((length, i) => i > 0 && (axes.length === 0 ? length !== 1 : !axes.includes(i)));
  return builder.reshape(
    operation.value(0),
    rest.map((axis) => axis ?? -1),
    hint,
  );
}

export function expandDims(operation: Operation): Item {
  const x = operation.optional(0);
  const [given = NaN] = operation.known(1);
  const rank = isValue(x) || isConstant(x) ? x.shape.length : 0;
  const [axis = 0] = operation.axes([given], rank + 1);
  if (isConstant(x)) return reshaped(x, x.shape.toSpliced(axis, 0, 1));
  const { shape } = operation.value(0);
  if (axis === 0 || shape.slice(1).includes(null)) throw operation.unsupported(`makes an axis ${given}.`);
  const rest = shape.slice(1).map((length) => length ?? -1);
  return operation.builder.reshape(operation.value(0), rest.toSpliced(axis - 1, 0, 1), operation.hint);
}

/** Of constants alone: layers have their channels last. */
export function transpose(operation: Operation): Item {
  const x = operation.constant(0);
  const order = operation.axes(operation.known(1), x.shape.length);
  if (order.length !== x.shape.length) throw operation.broken(`has ${order.length} axes for ${x.shape.length}.`);
  return transposed(x, order);
}

export function shapeNumbers(operation: Operation): Item {
  const x = operation.optional(0);
  return { numbers: isConstant(x) ? x.shape : operation.value(0).shape };
}

/** A part of a list of numbers. */
export function stridedSlice(operation: Operation): Item {
  const numbers = operation.numbers(0);
  const [[begin = NaN, ...more], [end = NaN], [step = NaN]] = [
    operation.known(1),
    operation.known(2),
    operation.known(3),
  ];
  const flag = (name: string): number => operation.attributes.integer(name) ?? 0;
  if (more.length > 0 || step !== 1 || flag("ellipsis_mask") !== 0 || flag("new_axis_mask") !== 0) {
    throw operation.unsupported("cuts more than a part of a list out.");
  }
  if (flag("shrink_axis_mask") === 1) return { numbers: [numbers.at(begin) ?? null] };
  const from = flag("begin_mask") === 1 ? 0 : begin;
  return { numbers: numbers.slice(from, flag("end_mask") === 1 ? numbers.length : end) };
}

export function pack(operation: Operation): Item {
  const numbers = Array.from({ length: operation.inputCount }, (_, i) => operation.numbers(i)).flat();
  if (numbers.length > MAX_NUMBERS) throw operation.unsupported(`packs ${numbers.length} numbers.`);
  return { numbers };
}
