/** Tensors made of a file's: axes in another order, another shape, integers as the numbers they stand for. Values are made when they are read. */
import { type Dims, formatShape } from "../core/shape.ts";
import { elementCount } from "./bytes/element-count.ts";
import { formatError } from "./file-errors.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** The same values under another shape. @throws FormatError if that has more or fewer values. */
export function reshaped(tensor: StoredTensor, shape: Dims): StoredTensor {
  if (elementCount(shape) !== elementCount(tensor.shape)) {
    throw formatError(
      `Tensor '${tensor.name}' of shape ${formatShape(tensor.shape)} cannot take the shape ${formatShape(shape)}.`,
    );
  }
  // The same `read`, not one around it: files may have thousands of these in a row.
  return { ...tensor, shape };
}

/** The axes in another order: axis i of the result is axis `order[i]` of the tensor, as NumPy's transpose has it. */
export function transposed(tensor: StoredTensor, order: Dims): StoredTensor {
  const shape = order.map((axis) => tensor.shape[axis] ?? 1);
  return { ...tensor, shape, read: () => transposedValues(tensor.read(), tensor.shape, order) };
}

/** Values of the shape `shape` with their axes in another order. */
export function transposedValues(values: Float32Array, shape: Dims, order: Dims): Float32Array {
  const steps = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  // Axes of length 1 do not matter; axes that stay neighbours are taken as one.
  const axes: { length: number; step: number }[] = [];
  for (const axis of order) {
    const [length, step] = [shape[axis] ?? 1, steps[axis] ?? 1];
    const last = axes.at(-1);
    if (length === 1) continue;
    if (last?.step === length * step) axes[axes.length - 1] = { length: last.length * length, step };
    else axes.push({ length, step });
  }
  if (axes.length <= 1) return values;
  const result = new Float32Array(values.length);
  const [inner = { length: 1, step: 1 }, ...outer] = axes.toReversed();
  const index = outer.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to += inner.length) {
    for (let i = 0; i < inner.length; i++) result[to + i] = values[from + i * inner.step] ?? 0;
    for (const [k, { length, step }] of outer.entries()) {
      const next = (index[k] ?? 0) + 1;
      if (next < length) {
        index[k] = next;
        from += step;
        break;
      }
      index[k] = 0;
      from -= step * (length - 1);
    }
  }
  return result;
}

/** How a tensor's integers stand for numbers: scale × (integer − zero point), with one scale for all or one for each place along an axis. */
export interface Affine {
  /** The axis of the scales; 0 if there is one scale for all. */
  readonly axis: number;
  /** The number of scales. */
  readonly count: number;
  readonly scales: () => ArrayLike<number>;
  /** As many as there are scales, or one for all; none if all are 0. */
  readonly zeroPoints: () => ArrayLike<number>;
}

/** The numbers that a tensor's integers stand for. @throws FormatError if there are not as many scales as places along the axis. */
export function dequantized(tensor: StoredTensor, { axis, count, ...affine }: Affine): StoredTensor {
  const { name, shape } = tensor;
  if (count !== 1 && count !== shape[axis]) {
    throw formatError(`Tensor '${name}' of shape ${formatShape(shape)} has ${count} scales along its axis ${axis}.`);
  }
  const step = elementCount(shape.slice(axis + 1));
  const read = (): Float32Array => {
    const scales = affine.scales();
    const zeroPoints = affine.zeroPoints();
    const isWhole = scales.length === count && [0, 1, count].includes(zeroPoints.length);
    if (!isWhole || !Array.from(scales).every((scale) => Number.isFinite(scale))) {
      throw formatError(`Tensor '${name}' has scales or zero points that are missing or not finite.`);
    }
    const integers = tensor.read();
    const values = new Float32Array(integers.length);
    const run = count === 1 ? values.length : step;
    for (let start = 0, place = 0; start < values.length; start += run, place = (place + 1) % count) {
      const scale = scales[place] ?? NaN;
      const zeroPoint = zeroPoints[zeroPoints.length === 1 ? 0 : place] ?? 0;
      for (let i = start; i < start + run; i++) values[i] = ((integers[i] ?? 0) - zeroPoint) * scale;
    }
    return values;
  };
  return { ...tensor, read };
}
