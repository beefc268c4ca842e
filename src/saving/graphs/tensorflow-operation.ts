/** An operator of TensorFlow, as TF.js and TFLite have it: its values have their channels last, as those of layers do. */
import type { Padding2D } from "../../core/padding.ts";
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { MAX_NUMBERS, Operation } from "./operation.ts";
import { type Size, isBatches } from "./sizes.ts";
import type { Value } from "./value.ts";
import { type View, formatView, isView, plainValue, viewOf } from "./view.ts";

/** Whole numbers that shapes are made of: one, or a list. */
export interface Numbers {
  readonly sizes: readonly Size[];
  readonly shape: Dims;
}

/** A padded picture that is taken apart into the small pictures of every second (or third, …) pixel: see tensorflow-dilation.ts. */
export interface Spaced {
  readonly picture: Value;
  /** How far the pixels of a small picture are apart. */
  readonly block: readonly [number, number];
  readonly pads: Padding2D;
  /** The dilated convolution of the picture, once there was one. */
  readonly convolve: ((padding: Padding2D) => Value) | undefined;
}

/** What a tensor of the graph stands for. */
export type TensorFlowItem = Value | View | StoredTensor | Numbers | Spaced;

export function isSpaced(item: unknown): item is Spaced {
  return typeof item === "object" && item !== null && "block" in item;
}

export function isNumbers(item: unknown): item is Numbers {
  return typeof item === "object" && item !== null && "sizes" in item;
}

/** A list of numbers; with the shape [] one number. */
export function numbersItem(sizes: readonly Size[], shape: Dims = [sizes.length]): Numbers {
  return { sizes, shape };
}

/** The most operators, one after the other, that may make a weight of others: more than any converter leaves. */
const MAX_DEPTH = 8;

/** How many operators, one after the other, made a constant of those of the file. */
const depths = new WeakMap<StoredTensor, number>();

export function isValue(item: unknown): item is Value {
  return typeof item === "object" && item !== null && "className" in item;
}

export function isConstant(item: unknown): item is StoredTensor {
  return typeof item === "object" && item !== null && "read" in item;
}

/** True for what layers compute. */
export function isComputed(item: unknown): item is Value | View {
  return isValue(item) || isView(item);
}

export abstract class TensorFlowOperation extends Operation<TensorFlowItem, Value> {
  /** The number of pictures that the file was made for, if it says it. */
  abstract readonly batch: number | undefined;

  item(i: number): TensorFlowItem {
    const item = this.optional(i);
    if (item === undefined) throw this.broken(`has no input ${i}.`);
    return item;
  }

  /** A computed input with its axes in the file's order. @throws UnsupportedError for anything else. */
  view(i: number): View {
    const item = this.optional(i);
    if (isView(item)) return item;
    if (isValue(item)) return viewOf(item);
    throw this.unsupported(`has no computed value as its input ${i}.`);
  }

  /** The same, but as a plain value if it can be one: what is folded into the batch, or has its axes in another order, stays so. */
  tidy(i: number): View {
    const x = this.view(i);
    const value = plainValue(this.builder, x);
    return value === undefined ? x : viewOf(value);
  }

  value(i: number): Value {
    const x = this.view(i);
    const value = plainValue(this.builder, x);
    if (value !== undefined) return value;
    throw this.unsupported(
      `takes a tensor of shape ${formatView(x)} whose axes are folded or in another order: no layer here does.`,
    );
  }

  constant(i: number): StoredTensor {
    const item = this.optional(i);
    if (isConstant(item)) return item;
    throw this.unsupported(`has no constant as its input ${i}.`);
  }

  /** A constant that is made of others. Its values are made when they are read, so there is a limit to how often one is made of another. */
  derived<T extends StoredTensor>(tensor: T, ...of: readonly StoredTensor[]): T {
    const depth = Math.max(...of.map((one) => depths.get(one) ?? 0)) + 1;
    if (depth > MAX_DEPTH) throw this.unsupported(`is one of more than ${MAX_DEPTH} operators that make a weight.`);
    depths.set(tensor, depth);
    return tensor;
  }

  /** An input that is a few whole numbers, each known or a multiple of the batch. */
  sizes(i: number): Numbers {
    const item = this.item(i);
    if (isNumbers(item)) return item;
    if (!isConstant(item)) throw this.unsupported(`computes its input ${i}, where constant numbers are read.`);
    if (elementCount(item.shape) <= MAX_NUMBERS) return numbersItem([...item.read()], item.shape);
    throw this.unsupported(`has a tensor of shape ${formatShape(item.shape)} as its input ${i}.`);
  }

  /** An input that says how the operator works: a few numbers, with NaN for those that depend on the size of the batch. */
  known(i: number): readonly number[] {
    return this.sizes(i).sizes.map((size) => (isBatches(size) ? NaN : size));
  }

  /** One whole number. */
  scalar(i: number): number {
    const [number = NaN, ...more] = this.known(i);
    if (more.length === 0 && Number.isInteger(number)) return number;
    throw this.unsupported(`has no whole number as its input ${i}.`);
  }

  /** An axis counted from the front; negative ones are given from the back. */
  axis(given: number, rank: number): number {
    const axis = given < 0 ? given + rank : given;
    if (Number.isInteger(axis) && axis >= 0 && axis < rank) return axis;
    throw this.broken(`has the axis ${given} for a tensor with ${rank} axes.`);
  }
}
