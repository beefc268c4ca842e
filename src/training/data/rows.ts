/** Tensors as rows along their first axis, to slice and to append to. */
import { sizeOf } from "../../core/shape.ts";
import { Tensor, type TensorData } from "../../core/tensor.ts";

/** A new array of the same type, filled with zeros. */
export function emptyLike(data: TensorData, length: number): TensorData {
  if (data instanceof Float32Array) return new Float32Array(length);
  return data instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length);
}

/** The rows from `from` up to but not including `to`, as a view of the same memory. */
export function sliceRows({ shape, data }: Tensor, from: number, to: number): Tensor {
  const [, ...rest] = shape;
  const size = sizeOf(rest);
  return new Tensor([to - from, ...rest], data.subarray(from * size, to * size));
}

/** A tensor that rows are appended to; its memory grows if their number is not known before. */
export class Column {
  readonly #shape: readonly number[];
  #data: TensorData;
  #length = 0;

  /** The tensor has the shape and type of the first batch; `most` is the largest number of rows, if known. The batch is not added. */
  constructor({ shape, data }: Tensor, most: number | undefined) {
    this.#shape = shape.slice(1);
    this.#data = emptyLike(data, (most ?? shape[0] ?? 0) * sizeOf(this.#shape));
  }

  /** Appends the rows of a tensor. */
  add({ data }: Tensor): void {
    if (this.#length + data.length > this.#data.length) {
      const longer = emptyLike(this.#data, Math.max(this.#length + data.length, this.#data.length * 2));
      longer.set(this.#data.subarray(0, this.#length));
      this.#data = longer;
    }
    this.#data.set(data, this.#length);
    this.#length += data.length;
  }

  /** All rows so far, as a view of the memory. */
  tensor(): Tensor {
    const size = sizeOf(this.#shape);
    return new Tensor([size === 0 ? 0 : this.#length / size, ...this.#shape], this.#data.subarray(0, this.#length));
  }
}

/** Copies of the rows at `indices`. */
export function gatherRows(tensor: Tensor, indices: ArrayLike<number>): Tensor {
  const [, ...rest] = tensor.shape;
  const size = sizeOf(rest);
  const data = emptyLike(tensor.data, indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] ?? 0) * size;
    data.set(tensor.data.subarray(from, from + size), i * size);
  }
  return new Tensor([indices.length, ...rest], data);
}
