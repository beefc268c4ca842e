/** Features of samples in a temporary file, one row of float32 for each sample. */
import { sizeOf } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import type { Scratch } from "../../platform/contract.ts";

/** Rows of the same length in a file, each with all features of one sample, one after the other. */
export class ScratchRows {
  readonly #scratch: Scratch;
  /** The shapes of one sample's features. */
  readonly #shapes: readonly (readonly number[])[];
  readonly #sizes: readonly number[];
  readonly #length: number;
  #count = 0;

  constructor(scratch: Scratch, first: readonly Tensor[]) {
    this.#scratch = scratch;
    this.#shapes = first.map(({ shape }) => shape.slice(1));
    this.#sizes = this.#shapes.map(sizeOf);
    this.#length = this.#sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Appends the features of a batch. */
  async add(batch: readonly Tensor<Float32Array>[]): Promise<void> {
    const count = batch[0]?.shape[0] ?? 0;
    const rows = new Float32Array(count * this.#length);
    let before = 0;
    for (const [i, { data }] of batch.entries()) {
      const size = this.#sizes[i] ?? 0;
      for (let row = 0; row < count; row++) {
        rows.set(data.subarray(row * size, (row + 1) * size), row * this.#length + before);
      }
      before += size;
    }
    await this.#scratch.write(this.#count * this.#length * 4, bytesOf(rows));
    this.#count += count;
  }

  /** The features of the samples with these indices; consecutive ones are read together. */
  async read(indices: Uint32Array): Promise<readonly Tensor<Float32Array>[]> {
    const count = indices.length;
    const rows = new Float32Array(count * this.#length);
    for (let from = 0, to = 1; from < count; from = to++) {
      const first = indices[from] ?? 0;
      while (to < count && indices[to] === first + to - from) to++;
      await this.#scratch.read(
        first * this.#length * 4,
        bytesOf(rows.subarray(from * this.#length, to * this.#length)),
      );
    }
    let before = 0;
    return this.#shapes.map((shape, i) => {
      const size = this.#sizes[i] ?? 0;
      const data = new Float32Array(count * size);
      for (let row = 0; row < count; row++) {
        const at = row * this.#length + before;
        data.set(rows.subarray(at, at + size), row * size);
      }
      before += size;
      return new Tensor([count, ...shape], data);
    });
  }

  close(): Promise<void> {
    return this.#scratch.close();
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
