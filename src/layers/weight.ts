/** The weights of layers: a name, a shape, and float32 values that are made when they are first read. */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import { type Dims, formatShape, sizeOf } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";

/** Makes the initial values of a weight. */
export interface Initializer {
  /** Keras's name of the class, such as `GlorotUniform`. */
  readonly className: string;
  /** The constructor arguments that make this initializer again. */
  getConfig(): Record<string, unknown>;
  /** The initial values of a weight of this shape, in row-major order. */
  initialize(shape: Dims): Float32Array;
}

/** A weight that a layer needs. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: Dims;
  readonly initializer: Initializer;
  /** Whether gradients are used to train the weight. Default: true. */
  readonly trainable?: boolean;
}

/** The largest number of values in one weight: 4 GiB of float32, as much as WebAssembly can address. */
const MAX_SIZE = 2 ** 30;

/** A variable of a layer, as `keras.Variable`: for example a kernel, a bias or a moving mean. */
export class Weight {
  readonly name: string;
  readonly shape: Dims;
  /**
   * False for weights that no optimizer changes, such as the moving mean of BatchNormalization. It does not depend on the layer's own
   * `trainable`.
   */
  readonly trainable: boolean;
  /** The number of values. */
  readonly size: number;
  /** The number of assignments so far, by which holders of packed copies notice that these are stale. */
  version = 0;
  readonly #initializer: Initializer;
  #values: Float32Array | undefined;

  constructor(spec: WeightSpec) {
    this.name = spec.name;
    this.shape = frozen(spec.shape);
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

  /**
   * The values in row-major order. Use `assign` to change them, and do not write into the array. Random initial values are drawn at the
   * first read.
   */
  get values(): Float32Array {
    this.#values ??= this.#initializer.initialize(this.shape);
    return this.#values;
  }

  /** The values as a tensor that shares their array. */
  get tensor(): Tensor<Float32Array> {
    return new Tensor(this.shape, this.values);
  }

  /**
   * Replaces the values. The array is kept, not copied.
   * @throws ValueError if the shape or the number of values is not that of the weight.
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
