/** Rectified linear unit with a cap, a slope and a threshold (keras.layers.ReLU). */
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { numberArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `ReLU`. */
export interface ReLUOptions extends LayerOptions {
  /** The largest value of the output, 0 or more; 6 gives MobileNetV2's ReLU6. Default: null, which is no cap. */
  readonly maxValue?: number | null | undefined;
  /** The slope below the threshold, 0 or more. Default: 0. */
  readonly negativeSlope?: number | undefined;
  /** The largest input value that is cut off, 0 or more. Default: 0. */
  readonly threshold?: number | undefined;
}

/** Computes x if x > threshold, but no more than `maxValue`; for smaller x, negativeSlope × (x - threshold). */
export class ReLU extends Layer {
  readonly className = "ReLU";
  /** The largest value of the output; null if there is no cap. */
  readonly maxValue: number | null;
  /** The slope below the threshold. */
  readonly negativeSlope: number;
  /** The largest input value that is cut off. */
  readonly threshold: number;

  /** @throws ValueError for an unknown option, or a number that is negative or not finite. */
  constructor(options: ReLUOptions = {}) {
    checkOptions("ReLU", options, {
      name: true,
      trainable: true,
      maxValue: true,
      negativeSlope: true,
      threshold: true,
    });
    super(options);
    this.maxValue = (options.maxValue ?? null) === null ? null : numberArgument(options.maxValue, "maxValue", 0);
    this.negativeSlope = numberArgument(options.negativeSlope, "negativeSlope", 0);
    this.threshold = numberArgument(options.threshold, "threshold", 0);
    if (this.maxValue !== null && this.maxValue < 0) {
      throw valueError(`maxValue of a ReLU layer cannot be a negative value. Received: maxValue=${this.maxValue}`);
    }
    if (this.negativeSlope < 0) {
      throw valueError(
        `negativeSlope of a ReLU layer cannot be null or a negative value. Received: negativeSlope=${this.negativeSlope}`,
      );
    }
    if (this.threshold < 0) {
      throw valueError(
        `threshold of a ReLU layer cannot be null or a negative value. Received: threshold=${this.threshold}`,
      );
    }
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    return this.inputShape(inputShapes);
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    return new Tensor(
      x.shape,
      x.data.map((value) => this.#one(value)),
    );
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const x = this.onlyInput(inputs);
    return { inputs: [gradient.map((value, i) => value * this.#slope(x.data[i] ?? NaN))], weights: {} };
  }

  override getConfig() {
    return {
      ...this.baseConfig(),
      maxValue: this.maxValue,
      negativeSlope: this.negativeSlope,
      threshold: this.threshold,
    };
  }

  /** The derivative at x; at the kinks it is the one that TensorFlow takes. */
  #slope(x: number): number {
    const { maxValue, negativeSlope, threshold } = this;
    // TensorFlow's relu6 passes no gradient at 6; its clip_by_value does so at any other cap.
    const isCapped = maxValue !== null && (maxValue === 6 && threshold === 0 ? x >= maxValue : x > maxValue);
    const kept = x > threshold && !isCapped ? 1 : 0;
    if (negativeSlope === 0) return kept;
    const isBelow = maxValue === null && threshold === 0 ? !(x > 0) : x < threshold;
    return kept + (isBelow ? negativeSlope : 0);
  }

  /** NaN stays NaN, except that a threshold without a slope turns it into 0, as in keras.activations.relu. */
  #one(x: number): number {
    const { maxValue, negativeSlope, threshold } = this;
    const kept = threshold === 0 ? Math.max(x, 0) : x > threshold ? x : 0;
    const capped = maxValue === null ? kept : Math.min(kept, maxValue);
    return negativeSlope === 0 ? capped : capped - negativeSlope * Math.max(threshold - x, 0);
  }
}
