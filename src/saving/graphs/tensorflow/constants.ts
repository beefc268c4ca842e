/** Constants that a graph computes of others. Their values are made when they are read. */
import { type Dims, formatShape, shapesEqual } from "../../../core/shape.ts";
import { elementCount } from "../../bytes/element-count.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import type { Operation } from "./operation.ts";

/** A constant with the operator that made it and what that took. */
export interface Folded extends StoredTensor {
  readonly operator: string;
  readonly of: readonly StoredTensor[];
}

const UNARY: ReadonlyMap<string, (x: number) => number> = new Map([
  ["Exp", Math.exp],
  ["Neg", (x) => -x],
  ["Reciprocal", (x) => 1 / x],
  ["Rsqrt", (x) => 1 / Math.sqrt(x)],
  ["Sqrt", Math.sqrt],
  ["Square", (x) => x * x],
]);

const BINARY: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
  ["Add", (a, b) => a + b],
  ["AddV2", (a, b) => a + b],
  ["Maximum", Math.max],
  ["Minimum", Math.min],
  ["Mul", (a, b) => a * b],
  ["RealDiv", (a, b) => a / b],
  ["Sub", (a, b) => a - b],
]);

/** The operators that make constants of constants. */
export const FOLDED: readonly string[] = [...UNARY.keys(), ...BINARY.keys()];

export function isFolded(tensor: StoredTensor): tensor is Folded {
  return "of" in tensor;
}

/** The constant that an operator of the lists above makes of its inputs. @throws UnsupportedError if it cannot be. */
export function folded(operation: Operation): StoredTensor {
  const { operator } = operation.node;
  const [unary, binary] = [UNARY.get(operator), BINARY.get(operator)];
  const a = operation.constant(0);
  if (unary !== undefined) return made(operation, a.shape, [a], () => a.read().map(unary));
  if (binary === undefined) throw operation.unsupported("is of constants alone.");
  const b = operation.constant(1);
  const isSecond = elementCount(b.shape) > elementCount(a.shape) || elementCount(a.shape) === 1;
  const shape = isSecond ? b.shape : a.shape;
  if (![a, b].every((tensor) => repeats(tensor.shape, shape))) {
    throw operation.unsupported(`is of constants of the shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}.`);
  }
  return made(operation, shape, [a, b], () => {
    const [left, right] = [a.read(), b.read()];
    const [lefts, rights] = [left.length, right.length];
    return new Float32Array(Math.max(lefts, rights)).map((_, i) =>
      binary(left[i % lefts] ?? NaN, right[i % rights] ?? NaN),
    );
  });
}

/** Whether a tensor of the shape `part`, again and again, fills one of the shape `whole`. */
function repeats(part: Dims, whole: Dims): boolean {
  const first = part.findIndex((axis) => axis !== 1);
  const own = first < 0 ? [] : part.slice(first);
  return own.length <= whole.length && shapesEqual(own, whole.slice(whole.length - own.length));
}

function made(operation: Operation, shape: Dims, of: readonly StoredTensor[], read: () => Float32Array): Folded {
  const { operator, name } = operation.node;
  return operation.derived({ name, shape, dtype: "float32", read, operator, of }, ...of);
}
