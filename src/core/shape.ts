/** Shapes of tensors: those whose axes are all known (`Dims`), and those with unknown axes (`Shape`), as Keras writes them. */
import { show, valueError } from "./errors.ts";
import { type Kind, orNull, listOf, whole } from "./kinds.ts";

/** A shape whose axes are all known, such as `[1, 224, 224, 3]`. */
export type Dims = readonly number[];

/**
 * A symbolic shape, such as `[null, 224, 224, 3]`. The first axis is the batch; `null` is an axis that is known only when the model runs
 * (Python's `None`).
 */
export type Shape = readonly (number | null)[];

/** A shape whose axes are whole numbers, or null. */
export const SHAPE: Kind = listOf("a list of whole numbers of 0 or more, or null", orNull(whole(0)));

/** The number of elements of a known shape (1 for a scalar). */
export function sizeOf(dims: Dims): number {
  let size = 1;
  for (const axis of dims) size *= axis;
  return size;
}

/** Writes a shape as Python does: `(None, 224, 224, 3)`, `(1000,)`. */
export function formatShape(shape: Shape): string {
  // In an error it may be anything.
  if (!Array.isArray(shape)) return show(shape);
  const axes = Array.from(shape, (axis: unknown) => (axis === null ? "None" : show(axis)));
  return axes.length === 1 ? `(${axes[0]},)` : `(${axes.join(", ")})`;
}

/**
 * For each element of a tensor of shape `shape`, the index of the element of a smaller tensor that is broadcast to it, as NumPy does. Every
 * axis of the smaller tensor (`from`) is equally long or has the length 1.
 */
export function broadcastIndices(from: Dims, shape: Dims): Uint32Array {
  const indices = new Uint32Array(sizeOf(shape));
  for (let i = 0; i < indices.length; i++) {
    let rest = i;
    let step = 1;
    let index = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const length = shape[axis] ?? 1;
      const own = from[axis] ?? 1;
      if (own !== 1) index += (rest % length) * step;
      rest = Math.floor(rest / length);
      step *= own;
    }
    indices[i] = index;
  }
  return indices;
}

/** Whether both shapes have the same rank, and every axis is equal or is unknown in one of them. */
export function shapesCompatible(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((axis, i) => axis === null || b[i] === null || axis === b[i]);
}

/** Whether both shapes are the same, unknown axes included. */
export function shapesEqual(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

/**
 * The length of one axis of a shape; negative numbers count from the end.
 * @throws ValueError if the shape has no such axis.
 */
export function axisOf(shape: Shape, axis: number): number | null {
  const value = shape.at(axis);
  if (value === undefined) throw valueError(`Axis ${axis} is out of range for shape ${formatShape(shape)}.`);
  return value;
}

/**
 * The shape, if all its axes are known.
 * @throws ValueError, with `what` in its message, if an axis is unknown.
 */
export function knownDims(shape: Shape, what: string): Dims {
  return shape.map((axis) => {
    if (axis === null) throw valueError(`${what} must be fully known. Received: shape=${formatShape(shape)}`);
    return axis;
  });
}
