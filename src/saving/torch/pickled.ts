/** What pickles of torch hold: Python's values, tensors, and the numbers outside of the pickle that these view. */

/** A class or function that a pickle names. pickle.ts says which can be named. */
export class PickledName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A stretch of numbers that lies outside of the pickle. */
export class PickledStorage {
  readonly key: string;
  /** numpy's name of the type. */
  readonly dtype: string;
  readonly length: number;

  constructor(key: string, dtype: string, length: number) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }
}

/** A view onto a storage. */
export class PickledTensor {
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: PickledStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickledName
  | PickledStorage
  | PickledTensor
  | Pickled[]
  | Map<Pickled, Pickled>;
