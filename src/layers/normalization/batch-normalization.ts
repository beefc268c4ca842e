/** Batch normalization (keras.layers.BatchNormalization; Ioffe and Szegedy 2015). */
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { type Dims, type Shape, axisOf, formatShape, sizeOf } from "../../core/shape.ts";
import { type Tensor, zeros } from "../../core/tensor.ts";
import { type Serialized, axisArgument, booleanArgument, keptArguments, numberArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients, TrainingPass } from "../gradients.ts";
import { type InitializerIdentifier, initializerConfig, initializerOf } from "../initializers/initializers.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import type { Initializer, WeightSpec } from "../weight.ts";

/** Options of `BatchNormalization`. */
export interface BatchNormalizationOptions extends LayerOptions {
  /** The axis of the channels; negative axes count from the end. Default: -1. */
  readonly axis?: number | undefined;
  /** How much of the moving mean and variance every training batch keeps: new = old × momentum + batch × (1 - momentum). Default: 0.99. */
  readonly momentum?: number | undefined;
  /** The small number that is added to the variance, so that nothing is divided by 0. Default: 1e-3. */
  readonly epsilon?: number | undefined;
  /** Whether the offset `beta` is added. Default: true. */
  readonly center?: boolean | undefined;
  /** Whether the result is multiplied by `gamma`. Default: true. */
  readonly scale?: boolean | undefined;
  /** The initializer of `beta`. Default: `zeros`. */
  readonly betaInitializer?: InitializerIdentifier | null | undefined;
  /** The initializer of `gamma`. Default: `ones`. */
  readonly gammaInitializer?: InitializerIdentifier | null | undefined;
  /** The initializer of the moving mean. Default: `zeros`. */
  readonly movingMeanInitializer?: InitializerIdentifier | null | undefined;
  /** The initializer of the moving variance. Default: `ones`. */
  readonly movingVarianceInitializer?: InitializerIdentifier | null | undefined;
  /** The regularizer of `beta`, for training. Default: none. */
  readonly betaRegularizer?: Serialized | null | undefined;
  /** The regularizer of `gamma`, for training. Default: none. */
  readonly gammaRegularizer?: Serialized | null | undefined;
  /** The constraint on `beta`; it is kept in the config, but training refuses it. Default: none. */
  readonly betaConstraint?: Serialized | null | undefined;
  /** The constraint on `gamma`; it is kept in the config, but training refuses it. Default: none. */
  readonly gammaConstraint?: Serialized | null | undefined;
}

const KEPT = ["betaRegularizer", "gammaRegularizer", "betaConstraint", "gammaConstraint"] as const;

/** The mean and the variance of each channel. */
interface Statistics {
  readonly mean: Float32Array | Float64Array;
  readonly variance: Float32Array | Float64Array;
}

/**
 * Normalizes each channel: gamma × (x - mean) / sqrt(variance + epsilon) + beta. Training uses the mean and variance of the batch and
 * updates the moving ones; inference, and a layer whose `trainable` is false, uses the moving ones. Its weights, all of shape (channels),
 * are `gamma`, `beta`, and `moving_mean` and `moving_variance`, which no optimizer changes.
 */
export class BatchNormalization extends Layer {
  readonly className = "BatchNormalization";
  /** The axis of the channels; negative axes count from the end. */
  readonly axis: number;
  #momentum: number;
  /** The small number that is added to the variance. */
  readonly epsilon: number;
  /** Whether the offset `beta` is added. */
  readonly center: boolean;
  /** Whether the result is multiplied by `gamma`. */
  readonly scale: boolean;
  readonly betaInitializer: Initializer;
  readonly gammaInitializer: Initializer;
  readonly movingMeanInitializer: Initializer;
  readonly movingVarianceInitializer: Initializer;
  /** The rank of the input that the layer was built for. */
  #rank: number | undefined;
  readonly #kept: { readonly [name in (typeof KEPT)[number]]?: Serialized };

  /** @throws ValueError for an unknown option or an impossible value; UnsupportedError for several axes. */
  constructor(options: BatchNormalizationOptions = {}) {
    checkOptions("BatchNormalization", options, {
      name: true,
      trainable: true,
      axis: true,
      momentum: true,
      epsilon: true,
      center: true,
      scale: true,
      betaInitializer: true,
      gammaInitializer: true,
      movingMeanInitializer: true,
      movingVarianceInitializer: true,
      betaRegularizer: true,
      gammaRegularizer: true,
      betaConstraint: true,
      gammaConstraint: true,
    });
    super(options);
    this.axis = axisArgument(options.axis, -1);
    this.#momentum = numberArgument(options.momentum, "momentum", 0.99);
    this.epsilon = numberArgument(options.epsilon, "epsilon", 1e-3);
    this.center = booleanArgument(options.center, "center", true);
    this.scale = booleanArgument(options.scale, "scale", true);
    this.betaInitializer = initializerOf(options.betaInitializer ?? "zeros");
    this.gammaInitializer = initializerOf(options.gammaInitializer ?? "ones");
    this.movingMeanInitializer = initializerOf(options.movingMeanInitializer ?? "zeros");
    this.movingVarianceInitializer = initializerOf(options.movingVarianceInitializer ?? "ones");
    this.#kept = keptArguments(options, KEPT);
  }

  /** See `BatchNormalizationOptions.momentum`. It may be changed, as in Keras: MobileNetV2's 0.999 is too slow for a short training from scratch. */
  get momentum(): number {
    return this.#momentum;
  }

  set momentum(value: number) {
    this.#momentum = numberArgument(value, "momentum", Number.NaN);
  }

  override build(inputShapes: readonly Shape[]): void {
    super.build(inputShapes);
    this.#rank ??= this.inputShape(inputShapes).length;
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const shape = this.inputShape(inputShapes, { rank: this.#rank });
    if (this.axis >= shape.length || this.axis < -shape.length) {
      throw valueError(
        `Axis ${this.axis} is out of bounds for input shape ${formatShape(shape)}. Received: axis=${this.axis}`,
      );
    }
    const expected = this.built ? this.weight("moving_mean").size : null;
    const channels = axisOf(shape, this.axis);
    if (expected !== null && channels !== null && channels !== expected) {
      throw valueError(
        `Input 0 with name 'None' of layer '${this.name}' is incompatible with the layer: expected axis ${this.axis} of input ` +
          `shape to have value ${expected}, but received input with shape ${formatShape(shape)}`,
      );
    }
    return shape;
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    this.computeOutputShape([x.shape]);
    this.build([x.shape]);
    return this.#normalize(x, this.#movingStatistics());
  }

  /** In training, normalizes by the mean and the (biased) variance of the batch and updates the moving ones, unless the layer is frozen. */
  override forwardTraining(inputs: readonly Tensor<Float32Array>[], pass: TrainingPass): Tensor<Float32Array> {
    if (!this.#usesBatch(pass)) return this.forward(inputs);
    const x = this.onlyInput(inputs);
    this.computeOutputShape([x.shape]);
    this.build([x.shape]);
    const statistics = this.#batchStatistics(x);
    this.#move("moving_mean", statistics.mean);
    this.#move("moving_variance", statistics.variance);
    return this.#normalize(x, statistics);
  }

  override backward(pass: BackwardPass): LayerGradients {
    const { gradient } = pass;
    const x = this.onlyInput(pass.inputs);
    const usesBatch = this.#usesBatch(pass);
    const { mean, variance } = usesBatch ? this.#batchStatistics(x) : this.#movingStatistics();
    const channels = mean.length;
    const step = this.#step(x.shape);
    const inverse = Float64Array.from(variance, (v) => 1 / Math.sqrt(v + this.epsilon));
    const beta = new Float64Array(channels);
    const gamma = new Float64Array(channels);
    for (let i = 0; i < x.size; i++) {
      const c = Math.floor(i / step) % channels;
      const g = gradient[i] ?? NaN;
      beta[c] = (beta[c] ?? NaN) + g;
      gamma[c] = (gamma[c] ?? NaN) + g * ((x.data[i] ?? NaN) - (mean[c] ?? NaN)) * (inverse[c] ?? NaN);
    }
    const scale = this.scale ? this.weight("gamma").values : undefined;
    const count = x.size / channels;
    const input = gradient.map((g, i) => {
      const c = Math.floor(i / step) % channels;
      const normalized = ((x.data[i] ?? NaN) - (mean[c] ?? NaN)) * (inverse[c] ?? NaN);
      // The mean and the variance depend on the inputs too.
      const ofStatistics = usesBatch ? ((beta[c] ?? NaN) + normalized * (gamma[c] ?? NaN)) / count : 0;
      return (g - ofStatistics) * (inverse[c] ?? NaN) * (scale?.[c] ?? 1);
    });
    return { inputs: [input], weights: { ...(this.scale && { gamma }), ...(this.center && { beta }) } };
  }

  override getConfig() {
    return {
      ...this.baseConfig(),
      axis: this.axis,
      momentum: this.momentum,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: initializerConfig(this.betaInitializer),
      gammaInitializer: initializerConfig(this.gammaInitializer),
      movingMeanInitializer: initializerConfig(this.movingMeanInitializer),
      movingVarianceInitializer: initializerConfig(this.movingVarianceInitializer),
      ...this.#kept,
    };
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): readonly WeightSpec[] {
    const input = this.inputShape(inputShapes);
    const channels = axisOf(input, this.axis);
    if (channels === null) {
      throw valueError(
        `The channel dimension of the inputs to a BatchNormalization layer should be defined. Received: inputShape=${formatShape(input)}`,
      );
    }
    const shape = [channels];
    return [
      ...(this.scale ? [{ name: "gamma", shape, initializer: this.gammaInitializer }] : []),
      ...(this.center ? [{ name: "beta", shape, initializer: this.betaInitializer }] : []),
      { name: "moving_mean", shape, initializer: this.movingMeanInitializer, trainable: false },
      { name: "moving_variance", shape, initializer: this.movingVarianceInitializer, trainable: false },
    ];
  }

  #usesBatch({ training }: TrainingPass): boolean {
    return training && this.trainable;
  }

  #movingStatistics(): Statistics {
    return { mean: this.weight("moving_mean").values, variance: this.weight("moving_variance").values };
  }

  #batchStatistics(x: Tensor<Float32Array>): Statistics {
    const step = this.#step(x.shape);
    const channels = this.weight("moving_mean").size;
    const count = x.size / channels;
    const meanOf = (value: (x: number, channel: number) => number): Float64Array => {
      const sums = new Float64Array(channels);
      for (let i = 0; i < x.size; i++) {
        const c = Math.floor(i / step) % channels;
        sums[c] = (sums[c] ?? NaN) + value(x.data[i] ?? NaN, c);
      }
      return sums.map((sum) => sum / count);
    };
    const mean = meanOf((value) => value);
    return { mean, variance: meanOf((value, c) => (value - (mean[c] ?? NaN)) ** 2) };
  }

  /** The distance in the data between neighbouring channels, which is the number of values along the axes after the channels'. */
  #step(shape: Dims): number {
    return sizeOf(shape.slice(shape.length + (this.axis < 0 ? this.axis : this.axis - shape.length) + 1));
  }

  #normalize(x: Tensor<Float32Array>, { mean, variance }: Statistics): Tensor<Float32Array> {
    const gamma = this.scale ? this.weight("gamma").values : undefined;
    const beta = this.center ? this.weight("beta").values : undefined;
    const factor = Float64Array.from(variance, (v, c) => (gamma?.[c] ?? 1) / Math.sqrt(v + this.epsilon));
    const step = this.#step(x.shape);
    const output = zeros(x.shape);
    for (let i = 0; i < x.size; i++) {
      const c = Math.floor(i / step) % mean.length;
      output.data[i] = ((x.data[i] ?? NaN) - (mean[c] ?? NaN)) * (factor[c] ?? NaN) + (beta?.[c] ?? 0);
    }
    return output;
  }

  #move(name: string, batch: ArrayLike<number>): void {
    const weight = this.weight(name);
    const { momentum } = this;
    weight.assign(weight.values.map((value, c) => value * momentum + (batch[c] ?? NaN) * (1 - momentum)));
  }
}
