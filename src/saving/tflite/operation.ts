/** What the tensors of a TFLite graph stand for while it is read (values of layers, constants, numbers that shapes are made of), and its operators. */
import { elementCount } from "../bytes/element-count.ts";
import type { GraphBuilder } from "../graphs/graph-builder.ts";
import { type TensorFlowItem, TensorFlowOperation } from "../graphs/tensorflow-operation.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { TfliteOperator, TfliteTensor } from "./model.ts";

export type Item = TensorFlowItem;

/** What all operators of a graph share. */
export interface GraphContext {
  readonly builder: GraphBuilder;
  /** The number of pictures that the file was made for. */
  readonly batch: number | undefined;
}

/** An operator with what its inputs stand for. */
export class Operation extends TensorFlowOperation {
  readonly operator: TfliteOperator;
  readonly operatorName: string;
  /** The tensors that it takes; undefined for inputs that are left out. */
  readonly taken: readonly (TfliteTensor | undefined)[];
  readonly output: TfliteTensor;
  readonly batch: number | undefined;

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
  }

  get hint(): string {
    return this.output.name;
  }

  protected get subject(): string {
    return `The TFLite graph's ${this.operatorName} '${this.output.name.slice(0, 200)}'`;
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
}

export type Operator = (operation: Operation) => Item | readonly Item[];
