/** Tensors as rows along their first axis: put one after the other, and cut apart. */
import { sizeOf } from "../../core/shape.ts";
import { Tensor, type TensorData } from "../../core/tensor.ts";

/** An array of the same kind. */
export function emptyLike(data: TensorData, length: number): TensorData {
  if (data instanceof Float32Array) return new Float32Array(length);
  return data instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length);
}

/** The rows from `from`, before `to`; a view of the same memory. */
export function sliceRows({ shape, data }: Tensor, from: number, to: number): Tensor {
  const [, ...rest] = shape;
  const size = sizeOf(rest);
  return new Tensor([to - from, ...rest], data.subarray(from * size, to * size));
}

/** Grows where nobody knows how long it will be. */
export class Column {
  readonly #shape: readonly number[];
  #data: TensorData;
  #length = 0;

  /** `most` rows will come, where that is known. */
  constructor({ shape, data }: Tensor, most: number | undefined) {
    this.#shape = shape.slice(1);
    this.#data = emptyLike(data, (most ?? shape[0] ?? 0) * sizeOf(this.#shape));
  }

  add({ data }: Tensor): void {
    if (this.#length + data.length > this.#data.length) {
      const longer = emptyLike(this.#data, Math.max(this.#length + data.length, this.#data.length * 2));
      longer.set(this.#data.subarray(0, this.#length));
      this.#data = longer;
    }
    this.#data.set(data, this.#length);
    this.#length += data.length;
  }

  tensor(): Tensor {
    const size = sizeOf(this.#shape);
    return new Tensor([size === 0 ? 0 : this.#length / size, ...this.#shape], this.#data.subarray(0, this.#length));
  }
}
