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

/** Forwards or backwards. `O` is the type of the operations. */
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

/** An operation of the way forwards. `G` are the operations that find its gradients. */
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
  /** The number of the matrix that its output is softmax or sigmoid of. */
  logits?(operation: O): number | undefined;
}

/** An operation over gradients. */
export interface BackwardKind<O> extends OperationKind<O> {
  /** The numbers of the matrices that it reads, values and gradients. */
  reads(operation: O): readonly number[];
  /** The same operation, which does a reduction of the gradient that it writes while that is in the cache; undefined if it cannot. */
  reducing?(operation: O, reduction: Reduction, matrix: (number: number) => Matrix): O | undefined;
}

export interface Needs {
  /** For every thread. */
  readonly scratchBytes?: number;
  /** For the operation as a whole. */
  readonly workspaceBytes?: number;
  /** Zeros that it reads. */
  readonly zeroBytes?: number;
}

/** Where the gradients of an operation are written down; what is asked for in vain is left out. */
export interface Tape<G> {
  /** The view that reads a matrix as it is. */
  raw(matrix: number): View;
  /** The number of the gradient of the operation's output, in memory. */
  output(): number;
  /** The gradient of the only view of the operation's output that has one; if there are several, that of the output. */
  seen(): GradientOf;
  /** Whether the gradient of a view leads to anything that is wanted. */
  needs(view: View): boolean;
  /** Whether the gradient of a weight is wanted; to be asked once by each operation that finds a part of it. */
  want(weight: Weight | undefined): Wanted;
  /** The number of a new gradient of a view. */
  place(view: View): number;
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

/** The matrices in memory. */
export interface Matrices {
  read(number: number): Tensor<Float32Array>;
  write(number: number, data: ArrayLike<number>): void;
  /** The gradient of a weight, to be written to. */
  gradient(weight: Weight): Float32Array;
}

export interface HostOptions {
  readonly seed: number;
}

export interface Drawn {
  readonly matrix: number;
  readonly draw: (shape: Dims, options: HostOptions) => ArrayLike<number>;
}
