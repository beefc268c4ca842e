/** What every weights file is, whatever its format: named layers of named tensors that are read when they are asked for. */
import type { Dims } from "../core/shape.ts";

/** A tensor in a file. Name, shape and type are known and checked against the stored bytes; values are not read yet. */
export interface StoredTensor {
  /** The name in the file: `Conv1/kernel:0`, `layers/conv2d/vars/0`. */
  readonly name: string;
  readonly shape: Dims;
  /** numpy's name of the stored type: `float32`, `float16`, `uint8`. */
  readonly dtype: string;
  /** The values as float32 in row-major order. They may be a view onto the file: do not write to them. */
  read(): Float32Array;
}

/** Tensors by their names. */
export function byName(tensors: readonly StoredTensor[]): ReadonlyMap<string, StoredTensor> {
  return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}

export interface StoredLayer {
  readonly name: string;
  readonly tensors: readonly StoredTensor[];
}

/** The layers that have tensors, in the order of the model that was saved. */
export interface WeightsFile {
  /** What to call the format in messages: `Keras HDF5`. */
  readonly format: string;
  readonly layers: readonly StoredLayer[];
}
