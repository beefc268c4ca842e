/** Dropout (keras.layers.Dropout): nothing in inference. */
import { valueError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { seedArgument, show } from "./arguments.ts";
import { Layer, type LayerOptions } from "./layer.ts";

export interface DropoutOptions extends LayerOptions {
  /** The share of values that training sets to 0, in [0, 1]. */
  readonly rate: number;
  readonly seed?: number | null | undefined;
}

export class Dropout extends Layer {
  readonly className = "Dropout";
  readonly rate: number;
  readonly seed: number | null;

  constructor(options: DropoutOptions) {
    super(options);
    const { rate } = options;
    if (typeof rate !== "number" || !(rate >= 0 && rate <= 1)) {
      throw valueError(
        `Invalid value received for argument \`rate\`. Expected a float value between 0 and 1. Received: rate=${show(rate)}`,
      );
    }
    this.rate = rate;
    this.seed = seedArgument(options.seed);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    return this.inputShape(inputShapes);
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.onlyInput(inputs);
  }

  override getConfig() {
    return { ...this.baseConfig(), rate: this.rate, seed: this.seed };
  }
}
