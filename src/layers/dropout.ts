/** Dropout (keras.layers.Dropout): nothing in inference. */
import { show, valueError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { integerArgument, seedArgument } from "./arguments.ts";
import { Layer, type LayerOptions } from "./layer.ts";

export interface DropoutOptions extends LayerOptions {
  /** The share of values that training sets to 0, in [0, 1]. */
  readonly rate: number;
  readonly seed?: number | null | undefined;
  /** Axes of length 1 share what is dropped; null is the input's length. */
  readonly noiseShape?: Shape | null | undefined;
}

export class Dropout extends Layer {
  readonly className = "Dropout";
  readonly rate: number;
  readonly seed: number | null;
  readonly noiseShape: Shape | null;

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
    this.noiseShape = noiseShapeOf(options.noiseShape);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    return this.inputShape(inputShapes);
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.onlyInput(inputs);
  }

  override getConfig() {
    return { ...this.baseConfig(), rate: this.rate, seed: this.seed, noiseShape: this.noiseShape };
  }
}

function noiseShapeOf(given: unknown): Shape | null {
  if (given === undefined || given === null) return null;
  if (!Array.isArray(given)) {
    throw valueError(
      `Invalid value received for argument \`noiseShape\`. Expected a tuple or list of integers. Received: noiseShape=${show(given)}`,
    );
  }
  return given.map((axis: unknown, i) => {
    if (axis === null) return null;
    const length = integerArgument(axis, "noiseShape");
    if (length > 0) return length;
    throw valueError(
      "Invalid value received for argument `noiseShape`. Expected all dimensions to be positive integers or None. " +
        `Received negative or zero value at index ${i}: ${length}`,
    );
  });
}
