/** ONNX's operators that change axes, shapes and types: of values, of weights, and of the small numbers that describe shapes. */
import { elementCount } from "../../bytes/element-count.ts";
import { reshaped, transposed } from "../../derived-tensor.ts";
import { type Operator, broadcastNumbers, isLength, picked } from "./constants.ts";
import {
  CHANNELS_FIRST,
  type Item,
  type OnnxOperation,
  type PlainItem,
  type ValueItem,
  isInteger,
  isOurOrder,
  lengthsOf,
  onnxShape,
  valueItem,
} from "../operation.ts";
import { dequantizedValue } from "./quantized-values.ts";

function identity(operation: OnnxOperation): Item {
  return operation.optional(0) ?? operation.item(0);
}

function dropout(operation: OnnxOperation): Item {
  const x = operation.item(0);
  if (x.kind !== "value") return x;
  const isTraining = operation.optional(2) !== undefined && operation.scalar(2) !== 0;
  if (isTraining) throw operation.unsupported("is in training mode, where it drops values at random.");
  const given = operation.optional(1) === undefined ? operation.float("ratio", 0.5) : operation.scalar(1);
  const rate = Math.fround(given);
  if (!(rate >= 0 && rate < 1))
    throw operation.unsupported(`has the ratio ${given}; read is one from 0 to less than 1.`);
  const value = operation.builder.layer("Dropout", operation.hint, { rate: shortest(rate) }, [x.value]);
  return { ...x, value };
}

/** The shortest decimal that is this float32: 0.2, not 0.20000000298. */
export function shortest(value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

function transpose(operation: OnnxOperation): Item {
  const x = operation.item(0);
  const rank = lengthsOf(x).length;
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

/** Numbers of TensorProto.DataType: float, float16, double, bfloat16. */
const FLOATS: readonly number[] = [1, 10, 11, 16];
/** uint8, int8, uint16, int16, int32, int64, uint32, uint64. */
const INTEGERS: readonly number[] = [2, 3, 4, 5, 6, 7, 12, 13];
const BOOL = 9;
/** int32, int64: whatever fits in another integer fits in these. */
const WIDE: readonly number[] = [6, 7];

/** Values stay float32, whatever width of float a graph casts them to. What rounds them is not read. */
function cast(operation: OnnxOperation): Item {
  const to = operation.integer("to", 0);
  const toFloat = FLOATS.includes(to);
  const given = operation.optional(0);
  if (given?.kind === "product" && toFloat) return given;
  const x = operation.item(0);
  if (x.kind === "value") {
    if (toFloat) return x.integers === undefined ? x : dequantizedValue(operation, x, 1, 0);
    if (x.integers !== undefined && WIDE.includes(to)) return x;
    throw operation.unsupported("makes integers or truth values of what is computed, which no layer here does.");
  }
  const change = toFloat
    ? (value: number): number => value
    : INTEGERS.includes(to)
      ? Math.trunc
      : to === BOOL
        ? (value: number): number => Number(value !== 0)
        : undefined;
  if (change === undefined) throw operation.unsupported(`makes numbers of the type ${to}.`);
  if (x.kind === "numbers") {
    return { ...x, values: x.values.map((value) => (value === null ? null : change(value))), isInteger: !toFloat };
  }
  const { tensor } = x;
  if (toFloat) return { ...x, tensor: isInteger(tensor) ? { ...tensor, dtype: "float32" } : tensor };
  return operation.derived({ ...tensor, dtype: "int64", read: () => tensor.read().map(change) });
}

function reshape(operation: OnnxOperation): Item {
  const x = operation.item(0);
  const target =
    operation.optional(1) === undefined ? (operation.integers("shape") ?? []) : operation.numbers(1).values;
  const copied = target.map((axis, i) => (axis === 0 && operation.integer("allowzero", 0) === 0 ? sizeAt(x, i) : axis));
  return reshapeItem(operation, x, copied);
}

function sizeAt(x: PlainItem, i: number): number | null {
  return lengthsOf(x)[i] ?? (x.kind === "value" ? null : 0);
}

/** All axes before `axis` become one, and those from it on. */
function flatten(operation: OnnxOperation): Item {
  const x = operation.item(0);
  const lengths = lengthsOf(x);
  const given = operation.integer("axis", 1);
  const axis = given < 0 ? given + lengths.length : given;
  if (!(axis >= 0 && axis <= lengths.length)) {
    throw operation.broken(`has axis=${given} for a tensor with ${lengths.length} axes.`);
  }
  if (x.kind !== "value") return reshapeItem(operation, x, [elementCount(lengthsOf(x).slice(0, axis).map(Number)), -1]);
  const keepsBatch = axis === 0 ? operation.batch === 1 : lengths.slice(1, axis).every((length) => length === 1);
  if (!keepsBatch) throw operation.unsupported(`flattens from axis ${given} on, which joins pictures; read is axis 1.`);
  return reshapeItem(operation, x, [null, -1]);
}

function squeeze(operation: OnnxOperation): Item {
  const x = operation.item(0);
  const lengths = lengthsOf(x);
  const given = operation.integersOrInput("axes", 1)?.map((axis) => operation.axis(axis, lengths.length));
  const axes = given ?? lengths.flatMap((length, axis) => (length === 1 ? [axis] : []));
  if (x.kind === "value") return withoutAxes(operation, x, axes);
  return reshapeItem(
    operation,
    x,
    lengths.filter((_, i) => !axes.includes(i)),
  );
}

/** The value without axes of ONNX's tensor, whose length is 1. */
export function withoutAxes(operation: OnnxOperation, x: ValueItem, gone: readonly number[]): ValueItem {
  if (gone.length === 0) return x;
  const lengths = onnxShape(x);
  if (gone.includes(0)) throw operation.unsupported("takes the axis of the batch away.");
  if (gone.some((axis) => lengths[axis] !== 1)) {
    const of = gone.map((axis) => lengths[axis] ?? "any").join(", ");
    throw operation.unsupported(`takes axes away whose length is ${of}, not 1.`);
  }
  const removed = gone.map((axis) => x.axes[axis]);
  const kept = x.value.shape.map((_, axis) => axis).filter((axis) => !removed.includes(axis));
  const target = kept.slice(1).map((axis) => x.value.shape[axis] ?? -1);
  if (target.length === 0 || target.filter((length) => length === -1).length > 1) {
    throw operation.unsupported("leaves no axis but the batch, or several whose length is not known.");
  }
  const axes = x.axes.filter((_, i) => !gone.includes(i)).map((axis) => kept.indexOf(axis));
  return { ...x, value: operation.builder.reshape(x.value, target, operation.hint), axes };
}

function unsqueeze(operation: OnnxOperation): Item {
  const x = operation.item(0);
  const given = operation.integersOrInput("axes", 1) ?? [];
  const rest = [...lengthsOf(x)];
  const rank = rest.length + given.length;
  const axes = given.map((axis) => operation.axis(axis, rank));
  if (new Set(axes).size < axes.length) throw operation.broken(`has axes=[${given.join(", ")}], one of them twice.`);
  for (const axis of axes.toSorted((a, b) => a - b)) rest.splice(axis, 0, 1);
  return reshapeItem(operation, x, rest);
}

/** Numbers that are repeated; of values only what repeats none. */
function expand(operation: OnnxOperation): Item {
  const x = operation.item(0);
  if (x.kind !== "value") return broadcastNumbers(operation, operation.numbers(0), operation.known(1));
  const target = operation.numbers(1).values;
  const lengths = onnxShape(x);
  const missing = lengths.length - target.length;
  const isSame = target.every((length, i) => {
    const own = lengths[i + missing];
    return length === 1 || length === own || (i + missing === 0 && length === operation.batch);
  });
  if (missing >= 0 && isSame) return x;
  throw operation.unsupported(`repeats values to the shape [${target.map((axis) => axis ?? "batch").join(", ")}].`);
}

/** The item under another shape, in ONNX's order of axes; the shape of a value begins with null, the batch. */
function reshapeItem(operation: OnnxOperation, x: PlainItem, target: readonly (number | null)[]): Item {
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
  return x.kind === "constant" ? operation.derived(reshaped(x.tensor, filled)) : { ...x, shape: filled };
}

function reshapeValue(operation: OnnxOperation, x: ValueItem, target: readonly (number | null)[]): Item {
  const [batch = 0, ...axes] = target;
  const rest = axes.map((axis) => {
    if (axis === null || (axis < 1 && axis !== -1)) throw operation.unsupported("makes a shape that is not known.");
    return axis;
  });
  // Where the batch may be any, exporters that tried the graph with one picture leave its 1.
  const isBatch =
    batch === null || batch === (operation.batch ?? 1) || (batch === -1 && !rest.includes(-1) && rest.length > 0);
  if (!isBatch || rest.length === 0) {
    throw operation.unsupported(`makes a shape that begins with ${batch}, which is not the batch.`);
  }
  const own = x.value.shape.slice(1);
  const size = own.reduce<number>((product, axis) => product * (axis ?? NaN), 1);
  const left = size / elementCount(rest.filter((axis) => axis !== -1));
  if (Number.isFinite(size) && !(rest.includes(-1) ? isLength(left) && left > 0 : left === 1)) {
    throw operation.unsupported(
      `makes [${rest.join(", ")}] of ${size} values: it joins or divides what the batch has.`,
    );
  }
  const filled = Number.isFinite(size) ? rest.map((axis) => (axis === -1 ? left : axis)) : rest;
  if (rest.length === own.length && filled.every((length, i) => length === onnxShape(x)[i + 1])) return x;
  const isList = (lengths: readonly (number | null)[]): boolean => lengths.filter((length) => length !== 1).length <= 1;
  // The order of values is the same in both layouts if only one axis has more than one place.
  if (!isOurOrder(x) && !isList(own)) {
    throw operation.unsupported("reshapes a picture with its channels first, which no layer here does.");
  }
  const isPicture = filled.length === 3 && isList(filled) && (filled[0] !== 1 || !isOurOrder(x));
  const [channels = 1, rows = 1, cols = 1] = filled;
  const ours = isPicture ? [rows, cols, channels] : filled;
  const value = operation.builder.reshape(x.value, ours, operation.hint);
  return { ...(isPicture ? valueItem(value, CHANNELS_FIRST) : valueItem(value)), integers: x.integers };
}

/** A value that the graph gives: with its axes in our order, or as a picture, which has its channels last here whatever the graph has. */
export function outputValue(operation: OnnxOperation): ValueItem["value"] {
  const x = operation.integersOrValue(0);
  if (isOurOrder(x) || x.axes.join() === CHANNELS_FIRST.join()) return x.value;
  const long = x.axes.filter((axis) => x.value.shape[axis] !== 1);
  if (long.every((axis, i) => axis >= (long[i - 1] ?? 0))) {
    const target = onnxShape(x).slice(1);
    if (target.every((length) => length !== null)) return operation.builder.reshape(x.value, target, operation.hint);
  }
  throw operation.unsupported(
    "moves axes of what the graph gives; read are outputs in the order of axes that layers have.",
  );
}

export const SHAPE_OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["Cast", cast],
  ["Dropout", dropout],
  ["Expand", expand],
  ["Flatten", flatten],
  ["Identity", identity],
  ["Reshape", reshape],
  ["Squeeze", squeeze],
  ["Transpose", transpose],
  ["Unsqueeze", unsqueeze],
]);
