/** Tensors: a shape and a flat array of values in row-major order, with channels last for pictures. */
import { MobileNetV2Error, show, valueError } from "./errors.ts";
import { type Kind, check, listOf } from "./kinds.ts";
import { type Dims, formatShape, sizeOf } from "./shape.ts";

/** The arrays that can hold a tensor's values. */
export type TensorData = Float32Array | Int32Array | Uint8Array;
/** The type of a tensor's values. */
export type DType = "float32" | "int32" | "uint8";

/** A dense array of numbers in row-major order. The data is not copied: a tensor shares the array it was made from. */
export class Tensor<D extends TensorData = TensorData> {
  /** The length of every axis; `[]` for a scalar. The list is frozen. */
  readonly shape: Dims;
  /** The values in row-major order. */
  readonly data: D;

  /**
   * @param shape the length of every axis
   * @param data the values in row-major order; kept, not copied
   * @throws ValueError if `data` is none of the three arrays; ShapeError if an axis is not a whole number of 0 or more, or if the length of
   *   `data` is not the product of `shape`.
   */
  constructor(shape: Dims, data: D) {
    const axes = dimsOf(shape);
    const size = sizeOf(axes);
    if (!isTensorData(data)) {
      throw valueError(
        "The data of a tensor is a Float32Array, an Int32Array or a Uint8Array. " +
          `Received: ${show(data)}. Convert numbers with Float32Array.from(data).`,
      );
    }
    if (size !== data.length) {
      const why = "detached" in data.buffer && data.buffer.detached ? ": its memory was transferred away" : "";
      throw new MobileNetV2Error(
        "ShapeError",
        `Shape ${formatShape(axes)} has ${size} elements, but the data has ${data.length}${why}.`,
      );
    }
    this.shape = axes;
    this.data = data;
  }

  /** The type of the values. */
  get dtype(): DType {
    if (this.data instanceof Float32Array) return "float32";
    return this.data instanceof Int32Array ? "int32" : "uint8";
  }

  /** The number of values. */
  get size(): number {
    return this.data.length;
  }

  /**
   * A tensor of the given shape that shares this tensor's data.
   * @throws ShapeError if the new shape has another number of values.
   */
  reshape(shape: Dims): Tensor<D> {
    return new Tensor(shape, this.data);
  }

  /** The same values as a float32 tensor. If they are float32 already, the new tensor shares their array. */
  toFloat32(): Tensor<Float32Array> {
    return this.data instanceof Float32Array
      ? new Tensor(this.shape, this.data)
      : new Tensor(this.shape, Float32Array.from(this.data));
  }
}

/** A tensor whose memory was not transferred away, as `postMessage` does. */
export const TENSOR: Kind = [
  "a tensor whose memory was not transferred away",
  (value) => value instanceof Tensor && value.size === sizeOf(value.shape),
];
export const TENSORS: Kind = listOf("a list of tensors", TENSOR);

/** True for a list of tensors that is not empty. */
export function areTensors(list: unknown): list is readonly Tensor[] {
  return TENSORS[1](list) && Array.isArray(list) && list.length > 0;
}

/** A frozen copy of the lengths of axes. @throws ShapeError if one is not a whole number of 0 or more. */
function dimsOf(shape: Dims): Dims {
  if (Array.isArray(shape) && Array.from(shape).every((axis) => Number.isSafeInteger(axis) && axis >= 0)) {
    return Object.freeze([...shape]);
  }
  throw new MobileNetV2Error(
    "ShapeError",
    `A tensor's axes are whole numbers of 0 or more. Received: shape=${show(shape)}`,
  );
}

/** An array that can hold a tensor's values. */
export const TENSOR_DATA: Kind = ["a Float32Array, an Int32Array or a Uint8Array", isTensorData];

function isTensorData(data: unknown): data is TensorData {
  return data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array;
}

/** The largest number of values in a tensor that the package makes: 4 GiB of float32. */
const MAX_SIZE = 2 ** 30;

/**
 * A float32 tensor of zeros.
 * @throws LimitError for more than 2^30 values.
 */
export function zeros(shape: Dims): Tensor<Float32Array> {
  return new Tensor(shape, new Float32Array(checkedSize(shape)));
}

/** The number of values of a shape. @throws ShapeError if it is none; LimitError for more than 2^30 values. */
export function checkedSize(shape: Dims): number {
  const size = sizeOf(dimsOf(shape));
  if (size > MAX_SIZE) {
    throw new MobileNetV2Error(
      "LimitError",
      `A tensor of shape ${formatShape(shape)} has ${size} values. The limit is ${MAX_SIZE}.`,
    );
  }
  return size;
}

/**
 * Stacks tensors of one shape along a new first axis, for example pictures into a batch. The result is a float32 copy.
 * @throws ShapeError if there is no tensor, or if their shapes differ.
 */
export function stack(tensors: readonly Tensor[]): Tensor<Float32Array> {
  check("stack()", "tensors", tensors, TENSORS);
  const first = tensors[0];
  if (first === undefined)
    throw new MobileNetV2Error("ShapeError", "stack() needs at least one tensor. Received none.");
  const data = new Float32Array(first.size * tensors.length);
  for (const [index, tensor] of tensors.entries()) {
    if (tensor.shape.length !== first.shape.length || tensor.shape.some((axis, i) => axis !== first.shape[i])) {
      throw new MobileNetV2Error(
        "ShapeError",
        `stack() needs tensors of one shape. Received: ${formatShape(first.shape)} and, at index ${index}, ${formatShape(tensor.shape)}.`,
      );
    }
    data.set(tensor.data, index * first.size);
  }
  return new Tensor([tensors.length, ...first.shape], data);
}
