/** What the names in an ONNX graph stand for while it is read (values that layers give, constants, small lists of numbers), and the nodes that take them. */
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { GraphBuilder } from "../graphs/graph-builder.ts";
import { MAX_NUMBERS, Operation as GraphOperation } from "../graphs/operation.ts";
import type { Value } from "../graphs/value.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { AttributeProto, NodeProto } from "./model-proto.ts";
import type { TensorProto } from "./tensor-proto.ts";

/** Our axes in ONNX's order for pictures: (batch, channels, rows, cols). */
export const CHANNELS_FIRST: Dims = [0, 3, 1, 2];

/** A value that a layer gives. Axis i of ONNX's tensor is axis `axes[i]` of ours, so that transposing one takes no layer. */
export interface ValueItem {
  readonly kind: "value";
  readonly value: Value;
  readonly axes: Dims;
}

export interface ConstantItem {
  readonly kind: "constant";
  readonly tensor: StoredTensor;
  /** The number of operators, one after the other, that made it of constants of the file. */
  readonly depth: number;
}

/** Integers that shapes are made of, known while the graph is read; null stands for the size of the batch. */
export interface NumbersItem {
  readonly kind: "numbers";
  readonly shape: Dims;
  readonly values: readonly (number | null)[];
}

export type Item = ValueItem | ConstantItem | NumbersItem;

/** The most operators, one after the other, that may make a weight of others: more than any exporter leaves. */
const MAX_DEPTH = 8;

export function valueItem(value: Value, axes: Dims = value.shape.map((_, axis) => axis)): ValueItem {
  return { kind: "value", value, axes };
}

/** A list of numbers; with the shape [] one number. */
export function numbersItem(values: readonly (number | null)[], shape: Dims = [values.length]): NumbersItem {
  return { kind: "numbers", shape, values };
}

export interface OperationContext {
  readonly builder: GraphBuilder;
  readonly opset: number;
  readonly batch: number | null;
  readonly stored: (proto: TensorProto) => StoredTensor;
}

/** A node with what its inputs stand for. */
export class Operation extends GraphOperation<Item, ValueItem> {
  readonly node: NodeProto;
  readonly opset: number;
  /** The batch that the graph was made for; null if the file does not say it. */
  readonly batch: number | null;
  readonly #stored: OperationContext["stored"];

  constructor(node: NodeProto, inputs: readonly (Item | undefined)[], context: OperationContext) {
    super(context.builder, inputs);
    this.node = node;
    this.opset = context.opset;
    this.batch = context.batch;
    this.#stored = context.stored;
  }

  get hint(): string {
    return this.node.name || (this.node.outputs[0] ?? this.node.operator);
  }

  protected get subject(): string {
    return `The ONNX graph's ${this.node.operator} '${this.hint.slice(0, 200)}'`;
  }

  item(i: number): Item {
    const item = this.optional(i);
    if (item === undefined) throw this.broken(`has no input ${i}.`);
    return item;
  }

  /** An input that a layer gives, with the order of its axes. */
  value(i: number): ValueItem {
    const item = this.item(i);
    if (item.kind === "value") return item;
    throw this.unsupported(`has a constant as its input ${i}, where a computed value is read.`);
  }

  /** An input that is a constant; numbers that are known count as one. */
  constant(i: number): StoredTensor {
    const item = this.item(i);
    if (item.kind === "constant") return item.tensor;
    if (item.kind === "value") throw this.unsupported(`computes its input ${i}, where a constant is read.`);
    const values = knownNumbers(item, this);
    const read = (): Float32Array => Float32Array.from(values);
    return { name: this.hint, shape: item.shape, dtype: "int64", read };
  }

  /** A weight that is made of the inputs. Its values are made when they are read, so there is a limit to how often one is made of another. */
  derived(tensor: StoredTensor): ConstantItem {
    const depths = Array.from({ length: this.inputCount }, (_, i) => depthOf(this.optional(i)));
    const depth = Math.max(0, ...depths) + 1;
    if (depth > MAX_DEPTH) throw this.unsupported(`is one of more than ${MAX_DEPTH} operators that make a weight.`);
    return { kind: "constant", tensor, depth };
  }

  /** An input that says how the node works: a few numbers. */
  numbers(i: number): NumbersItem {
    const item = this.item(i);
    if (item.kind === "value") throw this.unsupported(`computes its input ${i}, where constant numbers are read.`);
    if (item.kind === "numbers") return item;
    const { shape } = item.tensor;
    if (elementCount(shape) > MAX_NUMBERS) {
      throw this.unsupported(`has a tensor of shape ${formatShape(shape)} as its input ${i}.`);
    }
    return numbersItem([...item.tensor.read()], shape);
  }

  /** The same numbers, if all of them are known. @throws UnsupportedError if one is the size of the batch. */
  known(i: number): readonly number[] {
    return knownNumbers(this.numbers(i), this);
  }

  scalar(i: number): number {
    const [value, ...more] = this.known(i);
    if (value === undefined || more.length > 0) throw this.broken(`needs one number as its input ${i}.`);
    return value;
  }

  attribute(name: string): AttributeProto | undefined {
    return this.node.attributes.get(name);
  }

  tensor(name: string): StoredTensor | undefined {
    const proto = this.attribute(name)?.tensor;
    return proto === undefined ? undefined : this.#stored(proto);
  }

  integer(name: string, fallback: number): number {
    return this.attribute(name)?.integer ?? fallback;
  }

  float(name: string, fallback: number): number {
    return this.attribute(name)?.float ?? fallback;
  }

  integers(name: string): readonly number[] | undefined {
    const given = this.attribute(name);
    return given?.integers;
  }

  /** Integers that older versions of an operator have as an attribute and newer ones as an input. */
  integersOrInput(name: string, i: number): readonly number[] | undefined {
    return this.integers(name) ?? (this.optional(i) === undefined ? undefined : this.known(i));
  }

  /** An attribute of two positive integers, for rows and columns. */
  pair(name: string, fallback: readonly [number, number]): readonly [number, number] {
    const [rows, cols, ...more] = this.integers(name) ?? fallback;
    if (rows !== undefined && cols !== undefined && more.length === 0 && rows > 0 && cols > 0) return [rows, cols];
    throw this.unsupported(`has ${name}=${formatShape(this.integers(name) ?? [])}; two numbers from 1 are read.`);
  }

  /** An axis of ONNX's tensor, counted from the front; negative ones are given from the back. */
  axis(given: number, rank: number): number {
    const axis = given < 0 ? given + rank : given;
    if (Number.isInteger(axis) && axis >= 0 && axis < rank) return axis;
    throw this.broken(`has axis=${given} for a tensor with ${rank} axes.`);
  }
}

function depthOf(item: Item | undefined): number {
  return item?.kind === "constant" ? item.depth : 0;
}

function knownNumbers({ values }: NumbersItem, operation: Operation): readonly number[] {
  return values.map((value) => {
    if (value === null) throw operation.unsupported("depends on the size of the batch.");
    return value;
  });
}

/** The shape with the axes in ONNX's order. */
export function onnxShape({ value, axes }: ValueItem): readonly (number | null)[] {
  return axes.map((axis) => value.shape[axis] ?? null);
}

/** True if ONNX's order of axes is ours. */
export function isOurOrder({ axes }: ValueItem): boolean {
  return axes.every((axis, i) => axis === i);
}
