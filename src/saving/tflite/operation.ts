/** What the tensors of a TFLite graph stand for while it is read (values of layers, constants, numbers that shapes are made of), and its operators. */
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { GraphBuilder } from "../graphs/graph-builder.ts";
import { MAX_NUMBERS } from "../graphs/operation.ts";
import { type Size, isBatches } from "../graphs/sizes.ts";
import { type TensorFlowItem, TensorFlowOperation, isConstant } from "../graphs/tensorflow-operation.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { TfliteOperator, TfliteTensor } from "./model.ts";

/** Whole numbers that shapes are made of: none, or a list. */
export interface Numbers {
  readonly sizes: readonly Size[];
  readonly shape: Dims;
}

export type Item = TensorFlowItem<Numbers>;

export function isNumbers(item: unknown): item is Numbers {
  return typeof item === "object" && item !== null && "sizes" in item;
}

/** A list of numbers; with the shape [] one number. */
export function numbersItem(sizes: readonly Size[], shape: Dims = [sizes.length]): Numbers {
  return { sizes, shape };
}

/** What all operators of a graph share. */
export interface GraphContext {
  readonly builder: GraphBuilder;
  /** The number of pictures that the file was made for. */
  readonly batch: number | undefined;
  /** How many operators, one after the other, made a constant of those of the file. */
  readonly depths: WeakMap<StoredTensor, number>;
}

/** The most operators, one after the other, that may make a weight of others: more than any converter leaves. */
const MAX_DEPTH = 8;

/** An operator with what its inputs stand for. */
export class Operation extends TensorFlowOperation<Numbers> {
  readonly operator: TfliteOperator;
  readonly operatorName: string;
  /** The tensors that it takes; undefined for inputs that are left out. */
  readonly taken: readonly (TfliteTensor | undefined)[];
  readonly output: TfliteTensor;
  readonly batch: number | undefined;
  readonly #depths: WeakMap<StoredTensor, number>;

  constructor(
    operator: TfliteOperator,
    operatorName: string,
    taken: readonly (TfliteTensor | undefined)[],
    output: TfliteTensor,
    inputs: readonly (Item | undefined)[],
    context: GraphContext,
  ) {
    super(context.builder, inputs);
    this.operator = operator;
    this.operatorName = operatorName;
    this.taken = taken;
    this.output = output;
    this.batch = context.batch;
    this.#depths = context.depths;
  }

  get hint(): string {
    return this.output.name;
  }

  protected get subject(): string {
    return `The TFLite graph's ${this.operatorName} '${this.output.name.slice(0, 200)}'`;
  }

  item(i: number): Item {
    const item = this.optional(i);
    if (item === undefined) throw this.broken(`has no input ${i}.`);
    return item;
  }

  override constant(i: number): StoredTensor {
    const constant = super.constant(i);
    const { dtype } = constant;
    if (dtype.startsWith("float") || this.taken[i]?.isQuantized === true) return constant;
    throw this.unsupported(`takes '${constant.name}' of type ${dtype}, which says for no number what it stands for.`);
  }

  /** A vector: a bias, or what else there is of one number a channel. */
  optionalVector(i: number): StoredTensor | undefined {
    const constant = this.optionalConstant(i);
    return constant && { ...constant, shape: [elementCount(constant.shape)] };
  }

  /** A constant that is made of others. Its values are made when they are read, so there is a limit to how often one is made of another. */
  derived(from: StoredTensor, tensor: StoredTensor): StoredTensor {
    const depth = (this.#depths.get(from) ?? 0) + 1;
    if (depth > MAX_DEPTH) throw this.unsupported(`is one of more than ${MAX_DEPTH} operators that make a weight.`);
    this.#depths.set(tensor, depth);
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

  override numbers(i: number): readonly (number | null)[] {
    return this.sizes(i).sizes.map((size) => (isBatches(size) ? null : size));
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

export type Operator = (operation: Operation) => Item | readonly Item[];
