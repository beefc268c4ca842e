/** A node of TensorFlow's graphs with what its inputs stand for. */
import { formatShape } from "../../../core/shape.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { type TensorFlowItem, TensorFlowOperation } from "../tensorflow-operation.ts";
import type { Attributes, GraphNode } from "./graph-node.ts";

/** What a node gives while the graph is read. */
export type Item = TensorFlowItem;

export interface OperationContext {
  readonly builder: GraphBuilder;
  /** How errors name the file: `graph model`. */
  readonly what: string;
  /** The number of pictures that the graph was made for; undefined if it may be any. */
  readonly batch: number | undefined;
}

export class Operation extends TensorFlowOperation {
  readonly node: GraphNode;
  readonly batch: number | undefined;
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
}

export type Operator = (operation: Operation) => Item | readonly Item[];
