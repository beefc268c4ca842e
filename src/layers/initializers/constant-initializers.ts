/** Initial values that are not random (keras.src.initializers.constant_initializers). */
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { type Dims, formatShape } from "../../core/shape.ts";
import { checkedSize } from "../../core/tensor.ts";
import { numberArgument } from "../arguments.ts";
import type { Initializer } from "../weight.ts";

/** Sets all values to 0. */
export class Zeros implements Initializer {
  readonly className = "Zeros";

  getConfig(): Record<string, never> {
    return {};
  }

  initialize(shape: Dims): Float32Array {
    return new Float32Array(checkedSize(shape));
  }
}

/** Sets all values to 1. */
export class Ones implements Initializer {
  readonly className = "Ones";

  getConfig(): Record<string, never> {
    return {};
  }

  initialize(shape: Dims): Float32Array {
    return new Float32Array(checkedSize(shape)).fill(1);
  }
}

/** Sets all values to `value`. Default: 0. */
export class Constant implements Initializer {
  readonly className = "Constant";
  /** The value that all elements get. */
  readonly value: number;

  /** @throws ValueError for an unknown option or a value that is not a finite number. */
  constructor(options: { readonly value?: number | undefined } = {}) {
    checkOptions("Constant", options, { value: true });
    this.value = numberArgument(options.value, "value", 0);
  }

  getConfig(): { value: number } {
    return { value: this.value };
  }

  initialize(shape: Dims): Float32Array {
    return new Float32Array(checkedSize(shape)).fill(this.value);
  }
}

/** Sets a matrix (a shape of rank 2) to `gain` times the identity matrix. The default gain is 1. Weights of another rank cause a ValueError. */
export class Identity implements Initializer {
  readonly className = "Identity";
  /** The value on the diagonal. */
  readonly gain: number;

  /** @throws ValueError for an unknown option or a gain that is not a finite number. */
  constructor(options: { readonly gain?: number | undefined } = {}) {
    checkOptions("Identity", options, { gain: true });
    this.gain = numberArgument(options.gain, "gain", 1);
  }

  getConfig(): { gain: number } {
    return { gain: this.gain };
  }

  initialize(shape: Dims): Float32Array {
    checkedSize(shape);
    const [rows, cols] = shape;
    if (shape.length !== 2 || rows === undefined || cols === undefined) {
      throw valueError(
        "Identity matrix initializer can only be used for 2D matrices. " +
          `Received: shape=${formatShape(shape)} of rank ${shape.length}.`,
      );
    }
    const values = new Float32Array(rows * cols);
    for (let i = 0; i < Math.min(rows, cols); i++) values[i * cols + i] = this.gain;
    return values;
  }
}
