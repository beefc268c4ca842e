/**
 * How a tensor of a file's graph shows a value of ours. Files fold rows and columns into the batch and unfold them again, move channels to
 * the front and back, drop axes of length 1: none of that takes a layer before somebody needs the values under that shape.
 */
import { type Dims, formatShape } from "../../core/shape.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { BATCH, type Size, isBatches, isSame, product } from "./sizes.ts";
import type { Value } from "./value.ts";

/** Axis i of the file's tensor is the axes `axes[i]` of the value as one, outermost first. Those of length 1 are left out; axis 0 is the batch. */
export interface View {
  readonly value: Value;
  readonly axes: readonly Dims[];
  /** What the file calls the tensor: a layer that it needs is named so. */
  readonly hint: string;
}

export function isView(item: unknown): item is View {
  return typeof item === "object" && item !== null && "axes" in item;
}

/** The value as it is. */
export function viewOf(value: Value): View {
  const axes = value.shape.map((length, axis) => (axis === 0 || length !== 1 ? [axis] : []));
  return { value, axes, hint: value.hint };
}

/** A picture whose channels are in front of rows and columns, while those of our value are behind. */
export function channelsFirst(value: Value): View {
  return transposedView(viewOf(value), [0, 3, 1, 2], value.hint);
}

export function transposedView(x: View, order: Dims, hint: string): View {
  return { value: x.value, axes: order.map((axis) => x.axes[axis] ?? []), hint };
}

/** The lengths of the file's axes. */
export function sizesOf({ value, axes }: View): readonly Size[] {
  return axes.map((group) => joined(value, group));
}

function joined({ shape }: Value, group: Dims): Size {
  return product(group.map((axis) => (axis === 0 ? BATCH : (shape[axis] ?? NaN))));
}

function isAscending(order: Dims): boolean {
  return order.every((axis, i) => i === 0 || axis > (order[i - 1] ?? 0));
}

/** The layers that views needed, so that each is made once. */
const made = new WeakMap<View, Value>();

/** A value with the file's axes: the batch first, the others in the order of the value's own. Undefined for other views. */
export function plainValue(builder: GraphBuilder, x: View): Value | undefined {
  const [first, ...rest] = x.axes;
  if (first?.join() !== "0" || !isAscending(x.axes.flat())) return undefined;
  const known = made.get(x);
  if (known !== undefined) return known;
  const value = under(builder, x, rest);
  if (value !== undefined) made.set(x, value);
  return value;
}

/** The value with an axis for each group, after the batch. */
function under(builder: GraphBuilder, { value, hint }: View, groups: readonly Dims[]): Value | undefined {
  const lengths = groups.map((group) => {
    const size = joined(value, group);
    return isBatches(size) ? NaN : size;
  });
  const isIdentity =
    groups.length + 1 === value.shape.length &&
    groups.every((group, i) => value.shape[i + 1] === 1 || group.join() === String(i + 1));
  if (isIdentity) return value;
  const target = lengths.map((length) => (Number.isNaN(length) ? -1 : length));
  return target.filter((length) => length === -1).length > 1 ? undefined : builder.reshape(value, target, hint);
}

/**
 * What a model gives for the tensor: with the batch as an axis of its own, and channels last as in all models here. Undefined if no layer
 * gives its axes in the file's order.
 */
export function outputValue(builder: GraphBuilder, x: View): Value | undefined {
  const [first = [], ...rest] = x.axes;
  const order = x.axes.flat();
  if (first[0] !== 0) return undefined;
  if (isAscending(order)) return plainValue(builder, x) ?? under(builder, x, [first.slice(1), ...rest]);
  const { length } = x.value.shape;
  const isChannelsFirst = x.axes.length === length && order[1] === length - 1 && isAscending(order.toSpliced(1, 1));
  return isChannelsFirst ? x.value : undefined;
}

/**
 * The axis of the value that is the last one of the file's tensor; undefined if that is none or several. A file for one picture at a time
 * may have dropped the batch.
 */
export function lastAxis({ axes }: View, batch: number | undefined): number | undefined {
  const [axis, ...more] = (axes.at(-1) ?? []).filter((own) => own !== 0 || batch !== 1);
  return more.length > 0 || axis === 0 ? undefined : axis;
}

/**
 * The tensor under another shape, of which one length may be -1: as a view if it only joins and separates axes of the value, else by a
 * layer. `batch` is the number of pictures that the file was made for, if it says it. Undefined if no layer does that.
 */
export function reshapedView(
  builder: GraphBuilder,
  x: View,
  target: readonly Size[],
  batch: number | undefined,
  hint: string,
): View | undefined {
  const order = x.axes.flat();
  const filled = filledIn(target, x, batch);
  if (filled === undefined) return undefined;
  const axes = grouped(filled, x.value, order, batch);
  if (axes !== undefined) return { value: x.value, axes, hint };
  if (!isAscending(order)) return undefined;
  const [first, ...rest] = filled;
  const folded = first === undefined ? NaN : isBatches(first) ? first.batches : first / (batch ?? NaN);
  const lengths = rest.map((size) => (isBatches(size) ? 0 : Number.isNaN(size) ? -1 : size));
  const isLegal = lengths.every((length) => length !== 0 && length >= -1);
  if (!isLegal || !Number.isInteger(folded) || folded < 1 || !fits(x.value, [folded, ...lengths])) return undefined;
  if (folded === 1) return viewOf(builder.reshape(x.value, lengths, hint));
  const { axes: own, ...value } = viewOf(builder.reshape(x.value, [folded, ...lengths], hint));
  return { ...value, axes: [[0, 1], ...own.slice(2)] };
}

/** Whether the value has as many numbers a picture as the shape, as far as both are known. */
function fits({ shape }: Value, lengths: Dims): boolean {
  const own = product(shape.slice(1).map((length) => length ?? NaN));
  const other = product(lengths);
  return lengths.includes(-1) || Number.isNaN(own) || own === other;
}

/** The shape with the length that -1 stands for; NaN for one that is not known. Undefined if there is none. */
function filledIn(target: readonly Size[], x: View, batch: number | undefined): readonly Size[] | undefined {
  const open = target.filter((size) => size === -1).length;
  if (open === 0) return target;
  const rest = product(target.filter((size) => size !== -1));
  const all = x.value.shape.slice(1).reduce<number>((count, length) => count * (length ?? NaN), 1);
  const left = isBatches(rest)
    ? all / rest.batches
    : batch === undefined
      ? { batches: all / rest }
      : (all * batch) / rest;
  const each = isBatches(left) ? left.batches : left;
  if (open > 1 || (!Number.isInteger(each) && !Number.isNaN(each))) return undefined;
  return target.map((size) => (size === -1 ? left : size));
}

/** Axes of the value, in this order, for each length of the shape; undefined if one would have to be split. */
function grouped(
  target: readonly Size[],
  value: Value,
  order: Dims,
  batch: number | undefined,
): readonly Dims[] | undefined {
  let next = 0;
  const groups: Dims[] = [];
  for (const size of target) {
    const start = next;
    // A length of 1 is that of the batch, if it is next, in a file for one picture at a time.
    if (batch === 1 && order[next] === 0 && isSame(size, 1, batch)) next += 1;
    while (!isSame(joined(value, order.slice(start, next)), size, batch)) {
      if (next === order.length) return undefined;
      next += 1;
    }
    groups.push(order.slice(start, next));
  }
  return next === order.length ? groups : undefined;
}

/** The shape in messages. */
export function formatView(x: View): string {
  return formatShape(sizesOf(x).map((size) => (isBatches(size) || Number.isNaN(size) ? null : size)));
}
