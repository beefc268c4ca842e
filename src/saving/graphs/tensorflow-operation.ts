/** An operator of TensorFlow, as TF.js and TFLite have it: its values have their channels last, as those of layers do. */
import { formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { MAX_NUMBERS, Operation } from "./operation.ts";
import type { Value } from "./value.ts";

/** What a tensor of the graph stands for; `Other` is what a format has for numbers that only shapes are made of. */
export type TensorFlowItem<Other> = Value | StoredTensor | Other;

export function isValue(item: unknown): item is Value {
  return typeof item === "object" && item !== null && "className" in item;
}

export function isConstant(item: unknown): item is StoredTensor {
  return typeof item === "object" && item !== null && "read" in item;
}

export abstract class TensorFlowOperation<Other> extends Operation<TensorFlowItem<Other>, Value> {
  value(i: number): Value {
    const item = this.optional(i);
    if (isValue(item)) return item;
    throw this.unsupported(`has no computed value as its input ${i}.`);
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
