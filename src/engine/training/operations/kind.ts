/**
 * What there is to know of a kind of operations: how it reads, writes, is computed and differentiated. Each kind says so in one place,
 * a file of this folder, and `table.ts` lists them all; whoever has to do with operations asks the table.
 */
import type { Tensor } from "../../../core/tensor.ts";
import type { Dims } from "../../../core/shape.ts";
import type { Weight } from "../../../layers/weight.ts";
import type { Emitter } from "../emit/emitter.ts";
import type { GradientOf, Reduction, Wanted } from "../gradients.ts";
import type { Matrix, Scaling, View } from "../matrices.ts";

/** A kind of operations forwards or backwards; `O` is their type. */
export interface OperationKind<O> {
  /** The numbers of the matrices that it writes. */
  writes(operation: O): readonly number[];
  /** The memory that it needs besides. Default: none. */
  needs?(operation: O, matrix: (number: number) => Matrix): Needs;
  /** Writes the code that does it. */
  emit?(e: Emitter, operation: O): void;
  /** What the host does instead; undefined if there is a kernel for the operation. Default: undefined. */
  onHost?(operation: O): HostWork | undefined;
}

/** A kind of operations of the way forwards; `G` is the type of those that find their gradients. */
export interface ForwardKind<O, G> extends OperationKind<O> {
  /** The values that it reads, as it reads them. `raw` is the view that reads a matrix as it is. */
  reads(operation: O, raw: (matrix: number) => View): readonly View[];
  /** Writes down what finds the gradients of its inputs and weights. */
  gradient(operation: O, tape: Tape<G>): void;
  /** The weights that it has gradients of; those of normalizations belong to views. Default: none. */
  weights?(operation: O): readonly Weight[];
  /** A matrix that it reads and that the host draws before the first operation. Default: none. */
  drawn?(operation: O): Drawn;
  /** The same operation, which gathers on the way what its output's normalization by the batch needs. Default: it cannot. */
  gathering?(operation: O, statistics: Scaling): O;
  /** The number of the matrix that its output is softmax or sigmoid of. Default: undefined, it is neither. */
  logits?(operation: O): number | undefined;
}

/** A kind of operations over gradients. */
export interface BackwardKind<O> extends OperationKind<O> {
  /** The numbers of the matrices that it reads, values and gradients. */
  reads(operation: O): readonly number[];
  /** The same operation, which does a reduction of the gradient that it writes while that is in the cache; undefined if it cannot. */
  reducing?(operation: O, reduction: Reduction, matrix: (number: number) => Matrix): O | undefined;
}

export interface Needs {
  /** Memory of each thread's own. */
  readonly scratchBytes?: number;
  /** Memory that the threads share. */
  readonly workspaceBytes?: number;
  /** Memory that is always 0. */
  readonly zeroBytes?: number;
}

/** Where an operation writes down what finds its gradients; those that lead to nothing that is wanted are left out. */
export interface Tape<G> {
  /** The view that reads a matrix as it is. */
  raw(matrix: number): View;
  /** The number of the gradient of the operation's output, in memory. */
  output(): number;
  /** The gradient of the only view of the output that has one; if there are several, that of the output in memory. */
  seen(): GradientOf;
  /** Whether the gradient of a view leads to anything that is wanted. */
  needs(view: View): boolean;
  /** Whether the gradient of a weight is wanted; to be asked once by each operation that finds a part of it. */
  want(weight: Weight | undefined): Wanted;
  /** The number of a new gradient of a view. */
  newGradient(view: View): number;
  /** Writes an operation down as it is. */
  add(operation: G): void;
  /** A gradient that is there already is that of a view, or a part of it. */
  pass(view: View, gradient: number): void;
  /** An operation writes the gradient of a view, or a part of it. */
  write(view: View, make: (to: number) => G): void;
  /** As `write`, by an operation that can add its part to the gradient `added`, if there is one already. */
  writeOrAdd(view: View, make: (to: number, added: number | undefined) => G): void;
}

/** Something that the host does in a run. */
export type HostWork = (matrices: Matrices, options: HostOptions) => void;

/** The matrices and gradients in memory, by their numbers. */
export interface Matrices {
  read(number: number): Tensor<Float32Array>;
  write(number: number, data: ArrayLike<number>): void;
  /** The gradient of a weight, to be written to. */
  gradient(weight: Weight): Float32Array;
}

export interface HostOptions {
  /** What random numbers are drawn from. */
  readonly seed: number;
}

export interface Drawn {
  readonly matrix: number;
  readonly draw: (shape: Dims, options: HostOptions) => ArrayLike<number>;
}
