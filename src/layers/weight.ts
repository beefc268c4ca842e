/** A layer's variable: a name, a shape, and float32 values that are made when first read. */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { type Dims, formatShape, sizeOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";

/** Makes the first values of a weight. */
export interface Initializer {
  readonly className: string;
  getConfig(): Record<string, unknown>;
  initialize(shape: Dims): Float32Array;
}

export interface WeightSpec {
  readonly name: string;
  readonly shape: Dims;
  readonly initializer: Initializer;
  readonly trainable?: boolean;
}

/** The most values of one weight: 4 GiB of them, what WebAssembly can address. */
const MAX_SIZE = 2 ** 30;

export class Weight {
  readonly name: string;
  readonly shape: Dims;
  /** False for what no optimizer ever moves: moving averages. Independent of the layer's own `trainable`. */
  readonly trainable: boolean;
  readonly size: number;
  /** Counts assignments: whoever packed the values can see that they are stale. */
  version = 0;
  readonly #initializer: Initializer;
  #values: Float32Array | undefined;

  constructor(spec: WeightSpec) {
    this.name = spec.name;
    this.shape = spec.shape;
    this.trainable = spec.trainable ?? true;
    this.size = sizeOf(spec.shape);
    if (!(this.size <= MAX_SIZE)) {
      throw new MobileNetV2Error(
        "LimitError",
        `Weight '${spec.name}' of shape ${formatShape(spec.shape)} has ${this.size} values. The limit is ${MAX_SIZE}.`,
      );
    }
    this.#initializer = spec.initializer;
  }

  /** The values in row-major order; not to be written to: `assign` is. Random weights are drawn at the first read. */
  get values(): Float32Array {
    this.#values ??= this.#initializer.initialize(this.shape);
    return this.#values;
  }

  get tensor(): Tensor<Float32Array> {
    return new Tensor(this.shape, this.values);
  }

  /**
   * Takes new values. The array is kept, not copied.
   * @throws ValueError where the shape is not the weight's.
   */
  assign(values: Float32Array, shape: Dims = this.shape): void {
    if (
      shape.length !== this.shape.length ||
      shape.some((axis, i) => axis !== this.shape[i]) ||
      values.length !== this.size
    ) {
      throw valueError(
        "The shape of the target variable and the shape of the target value in `variable.assign(value)` must match. " +
          `variable.shape=${formatShape(this.shape)}, Received: value.shape=${formatShape(shape)}. Target variable: ${this.name}`,
      );
    }
    this.#values = values;
    this.version++;
  }
}
