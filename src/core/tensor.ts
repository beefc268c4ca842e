/** Tensors: a shape and a flat row-major array (channels last); nothing else. */
import { MobileNetV2Error } from "./errors.ts";
import { type Dims, formatShape, sizeOf } from "./shape.ts";

export type TensorData = Float32Array | Int32Array | Uint8Array;
export type DType = "float32" | "int32" | "uint8";

/** A dense array in row-major order. The data is not copied: whoever makes a tensor shares its array. */
export class Tensor<D extends TensorData = TensorData> {
  readonly shape: Dims;
  readonly data: D;

  /** @throws ShapeError where the length of `data` is not the product of `shape`. */
  constructor(shape: Dims, data: D) {
    for (const axis of shape) {
      if (!Number.isInteger(axis) || axis < 0) {
        throw new MobileNetV2Error(
          "ShapeError",
          `A tensor's axes are whole numbers of 0 or more. Received: shape=${formatShape(shape)}`,
        );
      }
    }
    if (sizeOf(shape) !== data.length) {
      throw new MobileNetV2Error(
        "ShapeError",
        `Shape ${formatShape(shape)} has ${sizeOf(shape)} elements, but the data has ${data.length}.`,
      );
    }
    this.shape = shape;
    this.data = data;
  }

  get dtype(): DType {
    if (this.data instanceof Float32Array) return "float32";
    return this.data instanceof Int32Array ? "int32" : "uint8";
  }

  get size(): number {
    return this.data.length;
  }

  /** The same data under another shape of the same size. */
  reshape(shape: Dims): Tensor<D> {
    return new Tensor(shape, this.data);
  }

  /** The same values as float32; the tensor itself where it already is. */
  toFloat32(): Tensor<Float32Array> {
    return this.data instanceof Float32Array
      ? new Tensor(this.shape, this.data)
      : new Tensor(this.shape, Float32Array.from(this.data));
  }
}

/** The most values of a tensor that we make: 4 GiB of them. */
const MAX_SIZE = 2 ** 30;

/** A float32 tensor of zeros. @throws LimitError for more than 2^30 of them. */
export function zeros(shape: Dims): Tensor<Float32Array> {
  if (sizeOf(shape) > MAX_SIZE) {
    throw new MobileNetV2Error(
      "LimitError",
      `A tensor of shape ${formatShape(shape)} has ${sizeOf(shape)} values. The limit is ${MAX_SIZE}.`,
    );
  }
  return new Tensor(shape, new Float32Array(sizeOf(shape)));
}

/** Stacks tensors of one shape along a new first axis: pictures to a batch. */
export function stack(tensors: readonly Tensor[]): Tensor<Float32Array> {
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
