/** ONNX's operators that change axes and shapes: of values, of weights, and of the small numbers that describe shapes. */
import type { Dims } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { reshaped, transposed } from "../derived-tensor.ts";
import { MAX_NUMBERS } from "../graphs/operation.ts";
import {
  CHANNELS_FIRST,
  type Item,
  type NumbersItem,
  type Operation,
  type ValueItem,
  isOurOrder,
  numbersItem,
  onnxShape,
  valueItem,
} from "./operation.ts";

export type Operator = (operation: Operation) => Item;

function identity(operation: Operation): Item {
  return operation.item(0);
}

function dropout(operation: Operation): Item {
  const x = operation.item(0);
  if (x.kind !== "value") return x;
  const given = operation.optional(1) === undefined ? operation.float("ratio", 0.5) : operation.scalar(1);
  const rate = Math.fround(given);
  if (!(rate >= 0 && rate < 1)) throw operation.broken(`has the ratio ${given}.`);
  const value = operation.builder.layer("Dropout", operation.hint, { rate: shortest(rate) }, [x.value]);
  return valueItem(value, x.axes);
}

/** The shortest decimal that is this float32: 0.2, not 0.20000000298. */
export function shortest(value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

function constant(operation: Operation): Item {
  const tensor = operation.tensor("value");
  if (tensor !== undefined) return operation.derived(tensor);
  const integer = operation.attribute("value_int")?.integer;
  const float = operation.attribute("value_float")?.float;
  const list = operation.attribute("value_ints")?.integers ?? operation.attribute("value_floats")?.floats;
  const single = integer ?? float;
  if (single !== undefined) return numbersItem([single], []);
  if (list !== undefined) return limited(operation, list);
  throw operation.unsupported("has a value of a kind that is not read.");
}

function shape(operation: Operation): Item {
  const x = operation.item(0);
  if (x.kind === "value") return numbersItem(onnxShape(x));
  return numbersItem(x.kind === "constant" ? x.tensor.shape : x.shape);
}

function constantOfShape(operation: Operation): Item {
  const target = operation.known(0);
  const count = elementCount(target);
  if (!(count <= MAX_NUMBERS) || !target.every(isLength)) throw operation.unsupported(`makes ${count} numbers.`);
  const [value = 0] = operation.tensor("value")?.read() ?? [];
  return numbersItem(
    Array.from({ length: count }, () => value),
    target,
  );
}

function isLength(axis: number): boolean {
  return Number.isSafeInteger(axis) && axis >= 0;
}

function transpose(operation: Operation): Item {
  const x = operation.item(0);
  const rank = x.kind === "value" ? x.axes.length : x.kind === "constant" ? x.tensor.shape.length : x.shape.length;
  const order = operation.integers("perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (order.length !== rank || new Set(order).size !== rank || order.some((axis) => !(axis >= 0 && axis < rank))) {
    throw operation.broken(`has perm=[${order.join(", ")}] for a tensor with ${rank} axes.`);
  }
  if (x.kind === "constant") return operation.derived(transposed(x.tensor, order));
  if (x.kind === "numbers") {
    const steps = x.shape.map((_, axis) => elementCount(x.shape.slice(axis + 1)));
    return picked(
      x,
      order.map((axis) => x.shape[axis] ?? 1),
      (index) => index.reduce((sum, at, i) => sum + at * (steps[order[i] ?? 0] ?? 0), 0),
    );
  }
  const axes = order.map((axis) => x.axes[axis] ?? 0);
  if (axes[0] !== 0) throw operation.unsupported("moves the batch.");
  return { ...x, axes };
}

/** Numbers of the shape `target`, each taken from `x` at the place that `from` gives for its index. */
function picked(x: NumbersItem, target: Dims, from: (index: Dims) => number): NumbersItem {
  const values = Array.from({ length: elementCount(target) }, (_, i) => {
    const index = target.map((length, axis) => Math.floor(i / elementCount(target.slice(axis + 1))) % length);
    return x.values[from(index)] ?? null;
  });
  return numbersItem(values, target);
}

function concat(operation: Operation): Item {
  const parts = Array.from({ length: operation.inputCount }, (_, i) => operation.numbers(i));
  if (parts.some(({ shape: { length } }) => length !== 1)) {
    throw operation.unsupported("joins more than lists of numbers: no layer of a MobileNetV2 does.");
  }
  return limited(
    operation,
    parts.flatMap(({ values }) => values),
  );
}

function limited(operation: Operation, values: readonly (number | null)[]): NumbersItem {
  if (values.length > MAX_NUMBERS) throw operation.unsupported(`makes ${values.length} numbers.`);
  return numbersItem(values);
}

function gather(operation: Operation): Item {
  const x = operation.numbers(0);
  const indices = operation.numbers(1);
  if (x.shape.length !== 1) throw operation.unsupported("picks from more than a list.");
  const values = indices.values.map((index) => (index === null ? null : (x.values.at(index) ?? null)));
  return numbersItem(values, indices.shape);
}

/** Slice along one axis of a list or a table. */
function slice(operation: Operation): Item {
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

function cast(operation: Operation): Item {
  // Values are float32 here; what a graph casts them to is another width of float, or a size that stays whole.
  return operation.item(0);
}

function reshape(operation: Operation): Item {
  const x = operation.item(0);
  const target =
    operation.optional(1) === undefined ? (operation.integers("shape") ?? []) : operation.numbers(1).values;
  const copied = target.map((axis, i) => (axis === 0 && operation.integer("allowzero", 0) === 0 ? sizeAt(x, i) : axis));
  return reshapeItem(operation, x, copied);
}

function sizeAt(x: Item, i: number): number | null {
  if (x.kind === "value") return i === 0 ? null : (onnxShape(x)[i] ?? null);
  return (x.kind === "constant" ? x.tensor.shape : x.shape)[i] ?? 0;
}

function flatten(operation: Operation): Item {
  const x = operation.value(0);
  if (operation.axis(operation.integer("axis", 1), x.axes.length + 1) !== 1) {
    throw operation.unsupported("does not flatten from axis 1 on.");
  }
  return reshapeItem(operation, x, [null, -1]);
}

function squeeze(operation: Operation): Item {
  const x = operation.item(0);
  const lengths = x.kind === "value" ? onnxShape(x) : x.kind === "constant" ? x.tensor.shape : x.shape;
  const given = operation.integersOrInput("axes", 1);
  const axes = given?.map((axis) => operation.axis(axis, lengths.length));
  const rest = lengths.filter((length, i) => (axes === undefined ? length !== 1 : !axes.includes(i)));
  return reshapeItem(operation, x, rest);
}

function unsqueeze(operation: Operation): Item {
  const x = operation.item(0);
  const lengths = x.kind === "value" ? onnxShape(x) : x.kind === "constant" ? x.tensor.shape : x.shape;
  const given = operation.integersOrInput("axes", 1) ?? [];
  const rank = lengths.length + given.length;
  const axes = given.map((axis) => operation.axis(axis, rank));
  const rest = [...lengths];
  for (const axis of axes.toSorted((a, b) => a - b)) rest.splice(axis, 0, 1);
  return reshapeItem(operation, x, rest);
}

/** The item under another shape, in ONNX's order of axes; the shape of a value begins with null, the batch. */
function reshapeItem(operation: Operation, x: Item, target: readonly (number | null)[]): Item {
  if (x.kind === "value") return reshapeValue(operation, x, target);
  const count = elementCount(x.kind === "constant" ? x.tensor.shape : x.shape);
  const known = target.map((axis) => {
    if (axis === null) throw operation.unsupported("depends on the size of the batch.");
    return axis;
  });
  const rest = elementCount(known.filter((axis) => axis !== -1));
  const filled = known.map((axis) => (axis === -1 ? count / rest : axis));
  if (elementCount(filled) !== count || !filled.every(isLength))
    throw operation.broken(`makes [${filled.join(", ")}] of ${count} values.`);
  return x.kind === "constant" ? operation.derived(reshaped(x.tensor, filled)) : numbersItem(x.values, filled);
}

function reshapeValue(operation: Operation, x: ValueItem, target: readonly (number | null)[]): Item {
  const [batch, ...axes] = target;
  const rest = axes.map((axis) => {
    if (axis === null || (axis < 1 && axis !== -1)) throw operation.unsupported("makes a shape that is not known.");
    return axis;
  });
  const isBatch = batch === null || batch === operation.batch || (batch === -1 && !rest.includes(-1));
  if (!isBatch) throw operation.unsupported(`makes a shape that begins with ${batch}, which is not the batch.`);
  const own = x.value.shape.slice(1);
  const size = own.reduce<number>((product, axis) => product * (axis ?? NaN), 1);
  const left = size / elementCount(rest.filter((axis) => axis !== -1));
  const filled = Number.isFinite(left) ? rest.map((axis) => (axis === -1 ? left : axis)) : rest;
  const isList = (lengths: readonly (number | null)[]): boolean => lengths.filter((length) => length !== 1).length <= 1;
  // The order of values is the same in both layouts if only one axis has more than one place.
  if (!isOurOrder(x) && !isList(own)) {
    throw operation.unsupported("reshapes a picture with its channels first, which no layer here does.");
  }
  const isPicture = filled.length === 3 && isList(filled) && (filled[0] !== 1 || !isOurOrder(x));
  const [channels = 1, rows = 1, cols = 1] = filled;
  const ours = isPicture ? [rows, cols, channels] : filled;
  const value = operation.builder.reshape(x.value, ours, operation.hint);
  return isPicture ? valueItem(value, CHANNELS_FIRST) : valueItem(value);
}

export const SHAPE_OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["Cast", cast],
  ["Concat", concat],
  ["Constant", constant],
  ["ConstantOfShape", constantOfShape],
  ["Dropout", dropout],
  ["Flatten", flatten],
  ["Gather", gather],
  ["Identity", identity],
  ["Reshape", reshape],
  ["Shape", shape],
  ["Slice", slice],
  ["Squeeze", squeeze],
  ["Transpose", transpose],
  ["Unsqueeze", unsqueeze],
]);
