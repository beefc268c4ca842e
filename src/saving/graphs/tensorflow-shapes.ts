/** Operators of TensorFlow that change axes and shapes: of values, of weights, and of the numbers that shapes are made of. TFLite has them too. */
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { reshaped, transposed } from "../derived-tensor.ts";
import { MAX_NUMBERS } from "./operation.ts";
import { type Size, isBatches, product, times } from "./sizes.ts";
import {
  type Numbers,
  type TensorFlowItem,
  type TensorFlowOperation,
  isConstant,
  isNumbers,
  numbersItem,
} from "./tensorflow-operation.ts";
import { type View, formatView, reshapedView, sizesOf, transposedView } from "./view.ts";

/** The shape of an input, whatever it is. */
function sizesAt(operation: TensorFlowOperation, i: number): readonly Size[] {
  const item = operation.item(i);
  return isNumbers(item) || isConstant(item) ? item.shape : sizesOf(operation.view(i));
}

/** The first input under another shape. */
export function under(operation: TensorFlowOperation, target: readonly Size[]): TensorFlowItem {
  const item = operation.item(0);
  if (!isNumbers(item) && !isConstant(item)) return reshapedTo(operation, operation.view(0), target);
  const count = elementCount(item.shape);
  const rest = elementCount(target.map((size) => (isBatches(size) ? NaN : size)).filter((size) => size !== -1));
  const filled = target.map((size) => (size === -1 ? count / rest : size));
  const shape = filled.map((size) => (isBatches(size) ? NaN : size));
  if (elementCount(shape) !== count) throw operation.broken(`makes ${formatShape(shape)} of ${count} values.`);
  return isNumbers(item) ? numbersItem(item.sizes, shape) : operation.derived(reshaped(item, shape), item);
}

export function reshapedTo(operation: TensorFlowOperation, x: View, target: readonly Size[]): View {
  const view = reshapedView(operation.builder, x, target, operation.batch, operation.hint);
  if (view !== undefined) return view;
  const shown = formatShape(target.map((size) => (isBatches(size) ? null : size)));
  throw operation.unsupported(`makes the shape ${shown} of ${formatView(x)}, which no layer here does.`);
}

/** The new shape is the second input. */
export function reshape(operation: TensorFlowOperation): TensorFlowItem {
  return under(operation, operation.sizes(1).sizes);
}

/** Without axes, all of length 1 are dropped. */
export function squeeze(operation: TensorFlowOperation, axes: Dims): TensorFlowItem {
  const shape = sizesAt(operation, 0);
  const given = axes.map((axis) => operation.axis(axis, shape.length));
  const isDropped = (size: Size, axis: number): boolean => (given.length > 0 ? given.includes(axis) : isOne(size));
  const isOne = (size: Size): boolean => (isBatches(size) ? operation.batch === 1 && size.batches === 1 : size === 1);
  if (shape.some((size, axis) => isDropped(size, axis) && !isOne(size))) {
    throw operation.unsupported("drops an axis that is not of length 1.");
  }
  return under(
    operation,
    shape.filter((size, axis) => !isDropped(size, axis)),
  );
}

export function expandDims(operation: TensorFlowOperation): TensorFlowItem {
  const shape = sizesAt(operation, 0);
  const at = operation.axis(operation.scalar(1), shape.length + 1);
  const item = operation.item(0);
  if (isNumbers(item) || isConstant(item)) return under(operation, shape.toSpliced(at, 0, 1));
  const x = operation.view(0);
  return { ...x, axes: x.axes.toSpliced(at, 0, []), hint: operation.hint };
}

export function transpose(operation: TensorFlowOperation): TensorFlowItem {
  const order = operation.known(1);
  const item = operation.item(0);
  const rank = sizesAt(operation, 0).length;
  const isOrder = order.length === rank && order.every((_, axis) => order.includes(axis));
  if (!isOrder) throw operation.broken(`has the order [${order.join(", ")}] for a tensor with ${rank} axes.`);
  if (isConstant(item)) return operation.derived(transposed(item, order), item);
  if (!isNumbers(item)) return transposedView(operation.view(0), order, operation.hint);
  if (rank > 1) throw operation.unsupported("moves axes of a table of numbers.");
  return item;
}

export function shapeOf(operation: TensorFlowOperation): TensorFlowItem {
  return numbersItem(sizesAt(operation, 0));
}

export function rankOf(operation: TensorFlowOperation): TensorFlowItem {
  return numbersItem([sizesAt(operation, 0).length], []);
}

/** Numbers of a list, which a shape is. */
function list(operation: TensorFlowOperation, i: number): readonly Size[] {
  const item = operation.optional(i);
  const isList = isNumbers(item) || isConstant(item) ? item.shape.length === 1 : false;
  if (isList) return operation.sizes(i).sizes;
  throw operation.unsupported("is of more than a list of numbers, which no layer here does.");
}

function limited(operation: TensorFlowOperation, sizes: readonly Size[], shape?: Dims): Numbers {
  if (sizes.length <= MAX_NUMBERS) return numbersItem(sizes, shape);
  throw operation.unsupported(`makes ${sizes.length} numbers.`);
}

export function gather(operation: TensorFlowOperation): TensorFlowItem {
  const from = list(operation, 0);
  const { shape } = operation.sizes(1);
  const places = operation.known(1);
  return limited(
    operation,
    places.map((place) => {
      const size = from[place];
      if (size === undefined) throw operation.broken(`picks number ${place} of ${from.length}.`);
      return size;
    }),
    shape,
  );
}

/** The masks of tf.strided_slice; bit 0 is that of the first axis. */
export interface SliceMasks {
  readonly begin: number;
  readonly end: number;
  readonly ellipsis: number;
  readonly newAxis: number;
  readonly shrink: number;
}

/** A part of a list; with a mask to shrink, one of its numbers. */
export function stridedSlice(operation: TensorFlowOperation, masks: SliceMasks): TensorFlowItem {
  const from = list(operation, 0);
  const [begin = 0, ...more] = operation.known(1);
  const [end = 0] = operation.known(2);
  const [step = 1] = operation.known(3);
  const isSet = (mask: number): boolean => (mask & 1) !== 0;
  if (more.length > 0 || !(Number.isInteger(step) && step !== 0) || masks.ellipsis !== 0 || isSet(masks.newAxis)) {
    throw operation.unsupported("cuts a list in a way that is not read.");
  }
  const at = (place: number): number => (place < 0 ? place + from.length : place);
  if (isSet(masks.shrink)) return limited(operation, from.slice(at(begin), at(begin) + 1), []);
  const clip = (place: number): number =>
    Math.min(Math.max(at(place), step > 0 ? 0 : -1), from.length - (step > 0 ? 0 : 1));
  const first = isSet(masks.begin) ? (step > 0 ? 0 : from.length - 1) : clip(begin);
  const last = isSet(masks.end) ? (step > 0 ? from.length : -1) : clip(end);
  const count = Math.max(0, Math.ceil((last - first) / step));
  return limited(
    operation,
    Array.from({ length: count }, (_, i) => from[first + i * step] ?? NaN),
  );
}

export function slice(operation: TensorFlowOperation): TensorFlowItem {
  const from = list(operation, 0);
  const [begin, size] = [operation.scalar(1), operation.scalar(2)];
  return limited(operation, from.slice(begin, size === -1 ? undefined : begin + size));
}

/** Keeps the axis, or not. */
export function listProduct(operation: TensorFlowOperation, keepdims: boolean): TensorFlowItem {
  const result = product(list(operation, 0));
  return numbersItem([result], keepdims ? [1] : []);
}

export function pack(operation: TensorFlowOperation): TensorFlowItem {
  const parts = Array.from({ length: operation.inputCount }, (_, i) => operation.optional(i));
  if (parts.some((part) => !(isNumbers(part) || isConstant(part)) || part.shape.length > 0)) {
    throw operation.unsupported("stacks more than numbers, which no layer here does.");
  }
  return limited(
    operation,
    parts.flatMap((_, i) => operation.sizes(i).sizes),
  );
}

export function unpack(operation: TensorFlowOperation): readonly TensorFlowItem[] {
  return list(operation, 0).map((size) => numbersItem([size], []));
}

/** The lists that are the first `count` inputs, as one. */
export function concatenation(operation: TensorFlowOperation, count: number): TensorFlowItem {
  const parts = Array.from({ length: count }, (_, i) => i);
  if (parts.length === 1) return operation.item(0);
  return limited(
    operation,
    parts.flatMap((i) => list(operation, i)),
  );
}

/** The product of numbers that shapes are made of; undefined if an input is something else. */
export function numberProduct(operation: TensorFlowOperation): TensorFlowItem | undefined {
  const [a, b] = [operation.optional(0), operation.optional(1)];
  if (!isNumbers(a) && !isNumbers(b)) return undefined;
  const [x, y] = [operation.sizes(0), operation.sizes(1)];
  const [long, short] = x.shape.length >= y.shape.length ? [x, y] : [y, x];
  if (short.sizes.length !== 1 && short.sizes.length !== long.sizes.length) {
    throw operation.unsupported("multiplies lists of different lengths.");
  }
  return numbersItem(
    long.sizes.map((size, i) => times(size, short.sizes[short.sizes.length === 1 ? 0 : i] ?? NaN)),
    long.shape,
  );
}
