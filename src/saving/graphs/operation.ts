/** An operator of a graph while the graph is read: what its inputs stand for, and errors that name it. Frameworks add what they do differently. */
import { formatError, unsupportedError } from "../file-errors.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { GraphBuilder } from "./graph-builder.ts";

/** The most numbers that describe a shape, or how an operator works. */
export const MAX_NUMBERS = 64;

/**
 * `Item` is what a tensor of the graph stands for: the value of a layer, a constant of the file, or numbers that only shapes are made of.
 * `V` is a value as the framework sees it.
 */
export abstract class Operation<Item, V> {
  readonly builder: GraphBuilder;
  readonly #inputs: readonly (Item | undefined)[];

  constructor(builder: GraphBuilder, inputs: readonly (Item | undefined)[]) {
    this.builder = builder;
    this.#inputs = inputs;
  }

  /** What the file calls the operator, or what it makes: the layer is named after it. */
  abstract get hint(): string;

  /** How errors name the operator: `The TFLite graph's ADD 'sum'`. */
  protected abstract get subject(): string;

  /** An input that a layer gives. @throws UnsupportedError for anything else. */
  abstract value(i: number): V;

  /** An input that is a constant. @throws UnsupportedError for anything else. */
  abstract constant(i: number): StoredTensor;

  /** A constant that may be left out. */
  optionalConstant(i: number): StoredTensor | undefined {
    return this.optional(i) === undefined ? undefined : this.constant(i);
  }

  /** An input of any kind; undefined if it is left out. */
  optional(i: number): Item | undefined {
    return this.#inputs[i];
  }

  get inputCount(): number {
    return this.#inputs.length;
  }

  /** The error for an operator that does what no layer does; `problem` goes on from its name. */
  unsupported(problem: string): Error {
    return unsupportedError(`${this.subject} ${problem}`);
  }

  /** The error for an operator that makes no sense; `problem` goes on from its name. */
  broken(problem: string): Error {
    return formatError(`${this.subject} ${problem}`);
  }
}
