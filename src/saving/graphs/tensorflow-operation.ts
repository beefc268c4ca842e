/** An operator of TensorFlow, as TF.js and TFLite have it: its values have their channels last, as those of layers do. */
import { formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { MAX_NUMBERS, Operation } from "./operation.ts";
import type { Value } from "./value.ts";
import { type View, formatView, isView, plainValue, viewOf } from "./view.ts";

/** What a tensor of the graph stands for; `Other` is what a format has for numbers that only shapes are made of. */
export type TensorFlowItem<Other> = Value | View | StoredTensor | Other;

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

export abstract class TensorFlowOperation<Other> extends Operation<TensorFlowItem<Other>, Value> {
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

  /** An input that says how the operator works: a few numbers; null stands for the size of the batch. */
  numbers(i: number): readonly (number | null)[] {
    const tensor = this.constant(i);
    if (elementCount(tensor.shape) <= MAX_NUMBERS) return [...tensor.read()];
    throw this.unsupported(`has a tensor of shape ${formatShape(tensor.shape)} as its input ${i}.`);
  }

  /** The same, with NaN for the size of the batch. */
  known(i: number): readonly number[] {
    return this.numbers(i).map((number) => number ?? NaN);
  }
}
