/** Dropout (keras.layers.Dropout; Srivastava et al. 2014), inverted: training scales up what is kept, inference changes nothing. */
import { show, valueError } from "../../core/errors.ts";
import { frozen } from "../../core/frozen.ts";
import { checkOptions } from "../../core/options.ts";
import { fnv1a32, unitAt } from "../../core/random.ts";
import { type Dims, type Shape, broadcastIndices, formatShape, sizeOf } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { integerArgument, seedArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients, TrainingPass } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `Dropout`. */
export interface DropoutOptions extends LayerOptions {
  /** The fraction of values that training sets to 0, from 0 to 1. The others are divided by 1 - rate. */
  readonly rate: number;
  /** A whole number that is mixed into the random numbers of the training run. Default: null, which is no seed of the layer's own. */
  readonly seed?: number | null | undefined;
  /**
   * The shape of the random mask: along axes of length 1, all values are dropped or kept together; null is the input's length. For example,
   * [null, 1, 1, null] drops whole channels. Default: null, which is the shape of the input.
   */
  readonly noiseShape?: Shape | null | undefined;
}

/** Sets a random fraction of the values to 0 in training. In inference, it returns its input. */
export class Dropout extends Layer {
  readonly className = "Dropout";
  /** The fraction of values that training sets to 0. */
  readonly rate: number;
  /** The layer's own seed; null if it has none. */
  readonly seed: number | null;
  /** The shape of the random mask; null is the shape of the input. */
  readonly noiseShape: Shape | null;

  /** @throws ValueError for an unknown option or an impossible value, for example a rate outside 0…1. */
  constructor(options: DropoutOptions) {
    checkOptions("Dropout", options, { name: true, trainable: true, rate: true, seed: true, noiseShape: true });
    super(options);
    const { rate } = options;
    if (typeof rate !== "number" || !(rate >= 0 && rate <= 1)) {
      throw valueError(
        `Invalid value received for argument \`rate\`. Expected a float value between 0 and 1. Received: rate=${show(rate)}`,
      );
    }
    this.rate = rate;
    this.seed = seedArgument(options.seed);
    this.noiseShape = frozen(noiseShapeOf(options.noiseShape));
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    return this.inputShape(inputShapes);
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.onlyInput(inputs);
  }

  override forwardTraining(inputs: readonly Tensor<Float32Array>[], pass: TrainingPass): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    if (!pass.training || this.rate === 0) return x;
    const mask = this.mask(x.shape, pass.stream);
    return new Tensor(
      x.shape,
      x.data.map((value, i) => (mask[i] === 0 ? 0 : value * (mask[i] ?? NaN))),
    );
  }

  override backward({ inputs, gradient, training, stream }: BackwardPass): LayerGradients {
    if (!training || this.rate === 0) return { inputs: [gradient], weights: {} };
    const mask = this.mask(this.onlyInput(inputs).shape, stream);
    return { inputs: [gradient.map((value, i) => value * (mask[i] ?? NaN))], weights: {} };
  }

  /**
   * The factor by which training multiplies each value of an input of this shape: 0 if it is dropped, else 1 / (1 - rate).
   * @param shape the shape of the input
   * @param stream the stream of random numbers; if the layer has a seed of its own, that is mixed in
   */
  mask(shape: Dims, stream: number): Float32Array {
    const own = this.seed === null ? stream : fnv1a32(`${stream}/${this.seed}`);
    const kept = this.rate === 1 ? 0 : 1 / (1 - this.rate);
    const drawn = (i: number): number => (unitAt(own, i) < this.rate ? 0 : kept);
    const noiseShape = this.#noiseShapeFor(shape);
    if (sizeOf(noiseShape) === sizeOf(shape)) return Float32Array.from({ length: sizeOf(shape) }, (_, i) => drawn(i));
    return Float32Array.from(broadcastIndices(noiseShape, shape), drawn);
  }

  #noiseShapeFor(shape: Dims): Dims {
    if (this.noiseShape === null) return shape;
    const noise = this.noiseShape.map((axis, i) => axis ?? shape[i] ?? 1);
    if (noise.length !== shape.length || noise.some((axis, i) => axis !== 1 && axis !== shape[i])) {
      throw valueError(
        `Argument \`noiseShape\` of layer '${this.name}' does not fit its input. ` +
          `Received: noiseShape=${formatShape(this.noiseShape)} and an input of shape ${formatShape(shape)}`,
      );
    }
    return noise;
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
