/** ONNX's operators on what is known while the graph is read: constants, and the small numbers that describe shapes. */
import { type Dims, broadcastIndices, formatShape } from "../../../core/shape.ts";
import { elementCount } from "../../bytes/element-count.ts";
import { type Arithmetic, OPERATIONS } from "../../graphs/arithmetic.ts";
import { MAX_NUMBERS } from "../../graphs/operation.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import {
  type ConstantItem,
  type Item,
  type NumbersItem,
  type OnnxOperation,
  isInteger,
  lengthsOf,
  numbersItem,
} from "../operation.ts";

export type Operator = (operation: OnnxOperation) => Item;

/** Whether numbers can be the lengths of axes. */
export function isLength(axis: number): boolean {
  return Number.isSafeInteger(axis) && axis >= 0;
}

function constant(operation: OnnxOperation): Item {
  const tensor = operation.tensor("value");
  if (tensor !== undefined) return { kind: "constant", tensor, depth: 0 };
  const value = (name: string) => operation.attribute(name);
  const [integer, float] = [value("value_int")?.integer, value("value_float")?.float];
  if (integer !== undefined) return numbersItem([integer], []);
  if (float !== undefined) return { ...numbersItem([float], []), isInteger: false };
  const [integers, floats] = [value("value_ints")?.integers, value("value_floats")?.floats];
  if (integers !== undefined) return limited(operation, integers);
  if (floats !== undefined) return { ...limited(operation, floats), isInteger: false };
  throw operation.unsupported("has a value of a kind that is not read.");
}

/** The lengths of the axes; since opset 15 a part of them. */
function shape(operation: OnnxOperation): Item {
  const lengths = lengthsOf(operation.item(0));
  return numbersItem(lengths.slice(operation.integer("start", 0), operation.integer("end", lengths.length)));
}

function constantOfShape(operation: OnnxOperation): Item {
  const target = operation.known(0);
  const count = elementCount(target);
  if (!(count <= MAX_NUMBERS) || !target.every(isLength)) throw operation.unsupported(`makes ${count} numbers.`);
  const tensor = operation.tensor("value");
  const [value = 0] = tensor?.read() ?? [];
  const values = Array.from({ length: count }, () => value);
  return { ...numbersItem(values, target), isInteger: tensor !== undefined && isInteger(tensor) };
}

/** Numbers of the shape `target`, each taken from `x` at the place that `from` gives for its index. */
export function picked(x: NumbersItem, target: Dims, from: (index: Dims) => number): NumbersItem {
  const values = Array.from({ length: elementCount(target) }, (_, i) => {
    const index = target.map((length, axis) => Math.floor(i / elementCount(target.slice(axis + 1))) % length);
    return x.values[from(index)] ?? null;
  });
  return { ...x, values, shape: target };
}

/** Values of layers, all with their axes in the same order. */
function joinedValues(operation: OnnxOperation): Item {
  const { builder, hint, inputCount } = operation;
  const first = operation.value(0);
  const parts = Array.from({ length: inputCount }, (_, i) => operation.value(i));
  const axis = first.axes[operation.axis(operation.integer("axis", 1), first.axes.length)] ?? 0;
  if (axis === 0 || parts.some(({ axes }) => axes.join() !== first.axes.join())) {
    throw operation.unsupported("joins tensors along the batch, or tensors whose axes are not in the same order.");
  }
  if (inputCount === 1) return first;
  const values = parts.map(({ value }) => value);
  return { ...first, value: builder.layer("Concatenate", hint, { axis }, values) };
}

function concat(operation: OnnxOperation): Item {
  const given = Array.from({ length: operation.inputCount }, (_, i) => operation.optional(i));
  if (given.length > 0 && given.every((item) => item?.kind === "value")) return joinedValues(operation);
  const parts = Array.from({ length: operation.inputCount }, (_, i) => operation.numbers(i));
  if (parts.some(({ shape: { length } }) => length !== 1)) {
    throw operation.unsupported("joins more than lists of numbers: no layer of a MobileNetV2 does.");
  }
  const joined = limited(
    operation,
    parts.flatMap(({ values }) => values),
  );
  return { ...joined, isInteger: parts.every((part) => part.isInteger) };
}

function limited(operation: OnnxOperation, values: readonly (number | null)[]): NumbersItem {
  if (values.length > MAX_NUMBERS) throw operation.unsupported(`makes ${values.length} numbers.`);
  return numbersItem(values);
}

function gather(operation: OnnxOperation): Item {
  const x = operation.numbers(0);
  const indices = operation.known(1);
  if (x.shape.length !== 1) throw operation.unsupported("picks from more than a list.");
  const values = indices.map((index) => {
    const value = x.values.at(index);
    if (value === undefined) throw operation.broken(`picks number ${index} of ${x.values.length}.`);
    return value;
  });
  return { ...x, values, shape: operation.numbers(1).shape };
}

/** Slice along one axis of a list or a table. */
function slice(operation: OnnxOperation): Item {
  const x = operation.numbers(0);
  const [start = 0, ...moreStarts] = operation.integersOrInput("starts", 1) ?? [];
  const [end = 0] = operation.integersOrInput("ends", 2) ?? [];
  const [given = 0] = operation.integersOrInput("axes", 3) ?? [];
  const [step = 1] = operation.optional(4) === undefined ? [1] : operation.known(4);
  if (moreStarts.length > 0 || !Number.isInteger(step) || step === 0) throw operation.unsupported("cuts several axes.");
  const axis = operation.axis(given, x.shape.length);
  const length = x.shape[axis] ?? 0;
  const place = (at: number): number => {
    const from = at < 0 ? at + length : at;
    return step > 0 ? Math.min(Math.max(from, 0), length) : Math.min(Math.max(from, -1), length - 1);
  };
  const [first, last] = [place(start), place(end)];
  const count = Math.max(0, Math.ceil((last - first) / step));
  if (!isLength(count)) throw operation.broken("cuts at no whole number.");
  const steps = x.shape.map((_, i) => elementCount(x.shape.slice(i + 1)));
  return picked(x, x.shape.with(axis, count), (index) =>
    index.reduce((sum, at, i) => sum + (i === axis ? first + at * step : at) * (steps[i] ?? 0), 0),
  );
}

/** The shape that NumPy broadcasts two to. @throws UnsupportedError if they do not fit: a broken file, or one that is read wrong. */
function broadcastShape(operation: OnnxOperation, a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [one, other] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (one === other || other === 1) return one;
    if (one === 1) return other;
    throw operation.unsupported(`takes constants of the shapes ${formatShape(a)} and ${formatShape(b)}.`);
  });
}

function padded(axes: Dims, rank: number): Dims {
  return [...Array.from({ length: rank - axes.length }, () => 1), ...axes];
}

/** Numbers under a larger shape. */
export function broadcastNumbers(operation: OnnxOperation, x: NumbersItem, target: Dims): NumbersItem {
  const full = broadcastShape(operation, x.shape, target);
  if (!(elementCount(full) <= MAX_NUMBERS)) throw operation.unsupported(`makes ${elementCount(full)} numbers.`);
  const from = broadcastIndices(padded(x.shape, full.length), full);
  return { ...x, values: Array.from(from, (i) => x.values[i] ?? null), shape: full };
}

/** The sum, difference, product or quotient of two constants: numbers that are known at once, or weights that are made when they are read. */
export function constantArithmetic(operation: OnnxOperation, kind: Arithmetic): NumbersItem | ConstantItem {
  const [a, b] = [operation.item(0), operation.item(1)];
  if (a.kind === "numbers" || b.kind === "numbers") return numbersArithmetic(operation, kind);
  const [one, other] = [operation.constant(0), operation.constant(1)];
  const whole = isInteger(one);
  const target = broadcastShape(operation, one.shape, other.shape);
  const of = (tensor: StoredTensor): Float32Array => {
    const values = tensor.read();
    if (values.length === elementCount(target)) return values;
    return Float32Array.from(broadcastIndices(padded(tensor.shape, target.length), target), (i) => values[i] ?? NaN);
  };
  const read = (): Float32Array => {
    const second = of(other);
    return of(one).map((value, i) => computed(kind, value, second[i] ?? NaN, whole));
  };
  return operation.derived({ name: operation.hint, shape: target, dtype: one.dtype, read });
}

function computed(kind: Arithmetic, a: number, b: number, whole: boolean): number {
  const result = OPERATIONS[kind](a, b);
  return whole ? Math.trunc(result) : result;
}

function numbersArithmetic(operation: OnnxOperation, kind: Arithmetic): NumbersItem {
  const [given, second] = [operation.numbers(0), operation.numbers(1)];
  const a = broadcastNumbers(operation, given, second.shape);
  const b = broadcastNumbers(operation, second, given.shape);
  const whole = given.isInteger && second.isInteger;
  const values = a.values.map((one, i) => {
    const other = b.values[i] ?? null;
    if (one !== null && other !== null) return computed(kind, one, other, whole);
    // What leaves the batch as it is.
    const neutral = kind === "add" || kind === "subtract" ? 0 : 1;
    if (one === null && other === neutral) return null;
    if (other === null && one === neutral && (kind === "add" || kind === "multiply")) return null;
    throw operation.unsupported("computes with the size of the batch, which may be any.");
  });
  return { ...a, values, isInteger: whole };
}

export const NUMBER_OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["Concat", concat],
  ["Constant", constant],
  ["ConstantOfShape", constantOfShape],
  ["Gather", gather],
  ["Shape", shape],
  ["Slice", slice],
]);
