/** A node of TensorFlow's graphs with what its inputs stand for. */
import { type Dims, formatShape } from "../../../core/shape.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { type TensorFlowItem, TensorFlowOperation } from "../tensorflow-operation.ts";
import type { Attributes, GraphNode } from "./graph-node.ts";

/** Numbers that shapes are made of; null is the size of the batch. */
export interface ShapeNumbers {
  readonly numbers: readonly (number | null)[];
}

/** What a node gives while the graph is read. */
export type Item = TensorFlowItem<ShapeNumbers>;

export interface OperationContext {
  readonly builder: GraphBuilder;
  /** How errors name the file: `graph model`. */
  readonly what: string;
  /** The size of the batch that the graph was made for; null if it may be any. */
  readonly batch: number | null;
}

export class Operation extends TensorFlowOperation<ShapeNumbers> {
  readonly node: GraphNode;
  readonly batch: number | null;
  readonly #what: string;

  constructor(node: GraphNode, inputs: readonly Item[], { builder, what, batch }: OperationContext) {
    super(builder, inputs);
    this.node = node;
    this.batch = batch;
    this.#what = what;
  }

  /** The name of the scope, which Keras and slim name after the layer: `conv2d` of `model/conv2d/BiasAdd`. */
  get hint(): string {
    const scopes = this.node.name.split("/").slice(0, -1);
    return scopes.findLast((scope) => scope !== "batchnorm") ?? this.node.name;
  }

  get attributes(): Attributes {
    return this.node.attributes;
  }

  protected get subject(): string {
    return `The ${this.#what}'s ${this.node.operator.slice(0, 40)} '${this.node.name.slice(0, 200)}'`;
  }

  override numbers(i: number): readonly (number | null)[] {
    const item = this.optional(i);
    return item !== undefined && "numbers" in item ? item.numbers : super.numbers(i);
  }

  /** Refuses axes in another order than (batch, rows, cols, channels). */
  expectChannelsLast(): void {
    const format = this.attributes.text("data_format") ?? "NHWC";
    if (format !== "NHWC") throw this.unsupported(`has data_format=${format.slice(0, 40)}; read is NHWC.`);
  }

  /** The numbers for rows and columns in an attribute that has one for every axis. */
  pair(name: string): readonly [number, number] {
    const given = this.attributes.integers(name);
    const [batch = 1, rows = 1, cols = 1, channels = 1] = given;
    if (batch === 1 && channels === 1 && rows > 0 && cols > 0 && [0, 4].includes(given.length)) return [rows, cols];
    throw this.unsupported(`has ${name}=${formatShape(given)}; read are numbers for rows and columns.`);
  }

  /** Axes counted from the front; each is given once. */
  axes(given: Dims, rank: number): Dims {
    const axes = given.map((axis) => (axis < 0 ? axis + rank : axis));
    const isFine = axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < rank);
    if (isFine && new Set(axes).size === axes.length) return axes;
    throw this.broken(`has the axes [${given.join(", ")}] of a tensor with ${rank} axes.`);
  }
}

export type Operator = (operation: Operation) => Item;
