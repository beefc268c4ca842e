/** What the names in an ONNX graph stand for while it is read (values that layers give, constants, small lists of numbers), and the nodes that take them. */
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { GraphBuilder } from "../graphs/graph-builder.ts";
import { MAX_NUMBERS, Operation } from "../graphs/operation.ts";
import type { Value } from "../graphs/value.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { AttributeProto, NodeProto } from "./model-proto.ts";
import type { TensorProto } from "./tensor-proto.ts";

/** Our axes in ONNX's order for pictures: (batch, channels, rows, cols). */
export const CHANNELS_FIRST: Dims = [0, 3, 1, 2];

/** Integers that stand for the numbers scale × (integer − zero point). */
export interface Integers {
  /** The smallest and the largest of them. */
  readonly range: readonly [low: number, high: number];
  readonly scale: number;
  readonly zeroPoint: number;
}

/** A value that a layer gives. Axis i of ONNX's tensor is axis `axes[i]` of ours, so that transposing one takes no layer. */
export interface ValueItem {
  readonly kind: "value";
  readonly value: Value;
  readonly axes: Dims;
  /** Given if ONNX's tensor has integers: the value is the numbers that they stand for, which are not rounded. */
  readonly integers?: Integers | undefined;
}

export interface ConstantItem {
  readonly kind: "constant";
  readonly tensor: StoredTensor;
  /** The number of operators that made it of constants of the file. */
  readonly depth: number;
}

/** Integers that shapes are made of, known while the graph is read; null stands for the size of the batch. */
export interface NumbersItem {
  readonly kind: "numbers";
  readonly shape: Dims;
  readonly values: readonly (number | null)[];
  /** False for floats: what becomes a shape may have been one for a while. */
  readonly isInteger: boolean;
}

/** What DynamicQuantizeLinear makes of a value while the graph runs: integers, their scale (times a constant) and their zero point. */
export type DynamicItem =
  | { readonly kind: "dynamic"; readonly of: object; readonly x: ValueItem }
  | { readonly kind: "scale"; readonly of: object; readonly factor: StoredTensor | undefined }
  | { readonly kind: "zeroPoint"; readonly of: object };

/** Sums of products of such integers and of constant ones: numbers once they are multiplied by both scales. */
export interface ProductItem {
  readonly kind: "product";
  /** The node that finds the scale of the integers. */
  readonly of: object;
  /** @param scale of the constants */
  readonly scaled: (scale: StoredTensor) => ValueItem;
}

/** What a node makes besides its first output, which is not read. */
export interface UnreadItem {
  readonly kind: "unread";
  readonly what: string;
}

/** What operators of numbers take. */
export type PlainItem = ValueItem | ConstantItem | NumbersItem;

export type Item = PlainItem | DynamicItem | ProductItem | UnreadItem;

/** The most operators that may make a weight of others: more than any exporter leaves. */
const MAX_DEPTH = 8;

export function valueItem(value: Value, axes: Dims = value.shape.map((_, axis) => axis)): ValueItem {
  return { kind: "value", value, axes };
}

/** A list of integers; with the shape [] one integer. */
export function numbersItem(values: readonly (number | null)[], shape: Dims = [values.length]): NumbersItem {
  return { kind: "numbers", shape, values, isInteger: true };
}

export interface OperationContext {
  readonly builder: GraphBuilder;
  readonly opset: number;
  readonly batch: number | null;
  readonly stored: (proto: TensorProto) => StoredTensor;
}

/** A node with what its inputs stand for. */
export class OnnxOperation extends Operation<Item, ValueItem> {
  readonly node: NodeProto;
  readonly opset: number;
  /** The batch that the graph was made for; null if the file does not say it. */
  readonly batch: number | null;
  readonly #context: OperationContext;

  constructor(node: NodeProto, inputs: readonly (Item | undefined)[], context: OperationContext) {
    super(context.builder, inputs);
    this.node = node;
    this.opset = context.opset;
    this.batch = context.batch;
    this.#context = context;
  }

  get hint(): string {
    return this.node.name || (this.node.outputs[0] ?? this.node.operator);
  }

  protected get subject(): string {
    return `The ONNX graph's ${this.node.operator} '${this.hint.slice(0, 200)}'`;
  }

  item(i: number): PlainItem {
    const item = this.optional(i);
    if (item === undefined) throw this.broken(`has no input ${i}.`);
    if (item.kind === "unread") throw this.unsupported(`takes ${item.what}, which is not read.`);
    if (item.kind !== "value" && item.kind !== "constant" && item.kind !== "numbers") {
      throw this.unsupported(
        "takes integers whose scale is found while the graph runs; read are ConvInteger and MatMulInteger of them, Cast to float, and Mul by that scale.",
      );
    }
    return item;
  }

  /** An input that a layer gives, of floats, with the order of its axes. */
  value(i: number): ValueItem {
    const item = this.integersOrValue(i);
    if (item.integers !== undefined) throw this.unsupported("computes with integers; read are operators of floats.");
    return item;
  }

  /** An input that a layer gives, of floats or of integers that stand for floats. */
  integersOrValue(i: number): ValueItem {
    const item = this.item(i);
    if (item.kind === "value") return item;
    throw this.unsupported(`has a constant as its input ${i}, where a computed value is read.`);
  }

  /** The same node with other inputs, and as an operator of another version. */
  with(inputs: readonly (Item | undefined)[], opset = this.opset): OnnxOperation {
    return new OnnxOperation(this.node, inputs, { ...this.#context, opset });
  }

  /** An input that is a constant; numbers that are known count as one. */
  constant(i: number): StoredTensor {
    const item = this.item(i);
    if (item.kind === "constant") return item.tensor;
    if (item.kind === "value") throw this.unsupported(`computes its input ${i}, where a constant is read.`);
    const values = knownNumbers(item, this);
    const read = (): Float32Array => Float32Array.from(values);
    return { name: this.hint, shape: item.shape, dtype: item.isInteger ? "int64" : "float32", read };
  }

  /** A weight that is made of the inputs. Its values are made when they are read, so there is a limit to how often one is made of another. */
  derived(tensor: StoredTensor): ConstantItem {
    const depths = Array.from({ length: this.inputCount }, (_, i) => depthOf(this.optional(i)));
    const depth = depths.reduce((sum, one) => sum + one, 1);
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
    return { ...numbersItem([...item.tensor.read()], shape), isInteger: isInteger(item.tensor) };
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
    return proto === undefined ? undefined : this.#context.stored(proto);
  }

  integer(name: string, fallback: number): number {
    return this.attribute(name)?.integer ?? fallback;
  }

  float(name: string, fallback: number): number {
    return this.attribute(name)?.float ?? fallback;
  }

  integers(name: string): readonly number[] | undefined {
    return this.attribute(name)?.integers;
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

/** True for a tensor of integers, false for one of floats. */
export function isInteger({ dtype }: StoredTensor): boolean {
  return /^(?:u?int|bool)/.test(dtype);
}

/** The lengths of the axes in ONNX's order. */
export function lengthsOf(item: PlainItem): readonly (number | null)[] {
  if (item.kind === "value") return onnxShape(item);
  return item.kind === "constant" ? item.tensor.shape : item.shape;
}

function depthOf(item: Item | undefined): number {
  return item?.kind === "constant" ? item.depth : 0;
}

function knownNumbers({ values }: NumbersItem, operation: OnnxOperation): readonly number[] {
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
