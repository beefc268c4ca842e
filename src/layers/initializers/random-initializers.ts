/** Random initial values (keras.src.initializers.random_initializers); the same seed gives the same values. */
import { show, valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { normal, uniform } from "../../core/random.ts";
import { type Dims, axisOf, formatShape, sizeOf } from "../../core/shape.ts";
import { checkedSize } from "../../core/tensor.ts";
import { integerArgument, numberArgument, seedArgument } from "../arguments.ts";
import type { Initializer } from "../weight.ts";

/** Options that all random initializers take. */
export interface SeedOptions {
  /** A whole number, for the same values every time. Default: null, for a random seed that is drawn when the initializer is made. */
  readonly seed?: number | null | undefined;
}

/** The base class of random initializers. As in Keras, one initializer gives the same values whenever it is asked for the same shape. */
abstract class RandomInitializer implements Initializer {
  abstract readonly className: string;
  readonly seed: number | null;
  /** The name of its stream of random numbers. */
  protected readonly stream: string;

  constructor(options: SeedOptions) {
    this.seed = seedArgument(options.seed);
    this.stream = `initializer/${this.seed ?? Math.floor(Math.random() * 2 ** 52)}`;
  }

  abstract getConfig(): Record<string, unknown>;
  abstract initialize(shape: Dims): Float32Array;
}

/** Options of `RandomUniform`. */
export interface UniformOptions extends SeedOptions {
  /** The lower bound. Default: -0.05. */
  readonly minval?: number | undefined;
  /** The upper bound. Default: 0.05. */
  readonly maxval?: number | undefined;
}

/** Draws values from a uniform distribution between `minval` and `maxval`. */
export class RandomUniform extends RandomInitializer {
  readonly className = "RandomUniform";
  readonly minval: number;
  readonly maxval: number;

  constructor(options: UniformOptions = {}) {
    checkOptions("RandomUniform", options, { seed: true, minval: true, maxval: true });
    super(options);
    this.minval = numberArgument(options.minval, "minval", -0.05);
    this.maxval = numberArgument(options.maxval, "maxval", 0.05);
  }

  getConfig(): { minval: number; maxval: number; seed: number | null } {
    return { minval: this.minval, maxval: this.maxval, seed: this.seed };
  }

  initialize(shape: Dims): Float32Array {
    return uniform(this.stream, checkedSize(shape), this.minval, this.maxval);
  }
}

/** Options of `RandomNormal` and `TruncatedNormal`. */
export interface NormalOptions extends SeedOptions {
  /** The mean of the distribution. Default: 0. */
  readonly mean?: number | undefined;
  /** The standard deviation of the distribution. Default: 0.05. */
  readonly stddev?: number | undefined;
}

/** Draws values from a normal distribution. */
export class RandomNormal extends RandomInitializer {
  readonly className: string = "RandomNormal";
  readonly mean: number;
  readonly stddev: number;

  constructor(options: NormalOptions = {}) {
    checkOptions("RandomNormal", options, { seed: true, mean: true, stddev: true });
    super(options);
    this.mean = numberArgument(options.mean, "mean", 0);
    this.stddev = numberArgument(options.stddev, "stddev", 0.05);
  }

  getConfig(): { mean: number; stddev: number; seed: number | null } {
    return { mean: this.mean, stddev: this.stddev, seed: this.seed };
  }

  initialize(shape: Dims): Float32Array {
    return normal(this.stream, checkedSize(shape), this.mean, this.stddev);
  }
}

/** Draws values from a normal distribution, and draws again those more than two standard deviations from the mean. */
export class TruncatedNormal extends RandomNormal {
  override readonly className = "TruncatedNormal";

  override initialize(shape: Dims): Float32Array {
    return normal(this.stream, checkedSize(shape), this.mean, this.stddev, true);
  }
}

/** The number by which VarianceScaling divides: that of the inputs, of the outputs, or the average of both. */
export type FanMode = "fan_in" | "fan_out" | "fan_avg";
/** The distribution from which VarianceScaling draws. */
export type FanDistribution = "uniform" | "truncated_normal" | "untruncated_normal";

/**
 * Options of initializers that scale by the number of inputs and outputs of a weight. By default these are the lengths of the last two
 * axes, each times the size of the window before them. The axes below count only if both lists are given.
 */
export interface FanOptions extends SeedOptions {
  /** The axes of the weight's shape whose product is the number of inputs. Default: null. */
  readonly inputAxes?: readonly number[] | null | undefined;
  /** The axes of the weight's shape whose product is the number of outputs. Default: null. */
  readonly outputAxes?: readonly number[] | null | undefined;
}

/** Options of `VarianceScaling`. */
export interface VarianceScalingOptions extends FanOptions {
  /** The factor of the variance, above 0. Default: 1. */
  readonly scale?: number | undefined;
  /** What the variance is divided by: `fan_in`, `fan_out` or `fan_avg`. Default: `fan_in`. */
  readonly mode?: FanMode | undefined;
  /** The distribution: `uniform`, `truncated_normal` (also as `normal`) or `untruncated_normal`. Default: `truncated_normal`. */
  readonly distribution?: FanDistribution | "normal" | undefined;
}

/** The standard deviation of a standard normal distribution that is truncated at two standard deviations. */
const TRUNCATED_DEVIATION = 0.8796256610342398;

/** Draws values whose variance is `scale` divided by the number of inputs, the number of outputs, or their average. */
export class VarianceScaling extends RandomInitializer {
  readonly className: string = "VarianceScaling";
  readonly scale: number;
  readonly mode: FanMode;
  readonly distribution: FanDistribution;
  readonly inputAxes: readonly number[] | null;
  readonly outputAxes: readonly number[] | null;

  /** @throws ValueError for an unknown option or an impossible value, such as a scale of 0 or less. */
  constructor(options: VarianceScalingOptions = {}) {
    checkOptions("VarianceScaling", options, {
      seed: true,
      inputAxes: true,
      outputAxes: true,
      scale: true,
      mode: true,
      distribution: true,
    });
    super(options);
    this.scale = numberArgument(options.scale, "scale", 1);
    if (this.scale <= 0) throw valueError(`Argument \`scale\` must be positive float. Received: scale=${this.scale}`);
    this.mode = fanMode(options.mode ?? "fan_in");
    this.distribution = fanDistribution(options.distribution ?? "truncated_normal");
    this.inputAxes = axesArgument(options.inputAxes, "inputAxes");
    this.outputAxes = axesArgument(options.outputAxes, "outputAxes");
  }

  getConfig(): Record<string, unknown> {
    const { scale, mode, distribution, seed, inputAxes, outputAxes } = this;
    return { scale, mode, distribution, seed, inputAxes, outputAxes };
  }

  initialize(shape: Dims): Float32Array {
    const size = checkedSize(shape);
    const { fanIn, fanOut } = computeFans(shape, this.inputAxes, this.outputAxes);
    const fan = this.mode === "fan_in" ? fanIn : this.mode === "fan_out" ? fanOut : (fanIn + fanOut) / 2;
    const variance = this.scale / Math.max(1, fan);

    if (this.distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      return uniform(this.stream, size, -limit, limit);
    }
    return this.distribution === "truncated_normal"
      ? normal(this.stream, size, 0, Math.sqrt(variance) / TRUNCATED_DEVIATION, true)
      : normal(this.stream, size, 0, Math.sqrt(variance));
  }
}

function fanMode(mode: string): FanMode {
  if (mode === "fan_in" || mode === "fan_out" || mode === "fan_avg") return mode;
  throw valueError(`Invalid \`mode\` argument: ${show(mode)}. Please use one of {'fan_in', 'fan_out', 'fan_avg'}`);
}

function fanDistribution(distribution: unknown): FanDistribution {
  const lower = typeof distribution === "string" ? distribution.toLowerCase() : distribution;
  if (lower === "normal" || lower === "truncated_normal") return "truncated_normal";
  if (lower === "uniform" || lower === "untruncated_normal") return lower;
  throw valueError(
    `Invalid \`distribution\` argument: ${show(distribution)}. ` +
      "Please use one of {'uniform', 'truncated_normal', 'untruncated_normal'}",
  );
}

function axesArgument(axes: unknown, argument: string): readonly number[] | null {
  if (axes === undefined || axes === null) return null;
  if (Array.isArray(axes)) return axes.map((axis: unknown) => integerArgument(axis, argument));
  throw valueError(`Argument \`${argument}\` must be a list of integers. Received: ${argument}=${show(axes)}`);
}

/** The number of inputs of each output of a weight of this shape, and the number of outputs of each input. */
export function computeFans(
  shape: Dims,
  inputAxes: readonly number[] | null = null,
  outputAxes: readonly number[] | null = null,
): { readonly fanIn: number; readonly fanOut: number } {
  if (inputAxes !== null && outputAxes !== null) {
    const product = (axes: readonly number[]): number =>
      axes.reduce((size, axis) => size * (axisOf(shape, axis) ?? 1), 1);
    return { fanIn: product(inputAxes), fanOut: product(outputAxes) };
  }
  if (shape.length < 2) return { fanIn: sizeOf(shape), fanOut: sizeOf(shape) };
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * (shape.at(-2) ?? 1), fanOut: window * (shape.at(-1) ?? 1) };
}

/** The base class of the named special cases of VarianceScaling. Their scale, mode and distribution are not in the config. */
abstract class FixedScaling extends VarianceScaling {
  constructor(className: string, options: FanOptions, fixed: Omit<VarianceScalingOptions, keyof FanOptions>) {
    checkOptions(className, options, { seed: true, inputAxes: true, outputAxes: true });
    super({ ...options, ...fixed });
  }

  override getConfig(): {
    seed: number | null;
    inputAxes: readonly number[] | null;
    outputAxes: readonly number[] | null;
  } {
    return { seed: this.seed, inputAxes: this.inputAxes, outputAxes: this.outputAxes };
  }
}

/** Draws from a uniform distribution with the variance 2 / (inputs + outputs) (Glorot and Bengio 2010). */
export class GlorotUniform extends FixedScaling {
  override readonly className = "GlorotUniform";

  constructor(options: FanOptions = {}) {
    super("GlorotUniform", options, { scale: 1, mode: "fan_avg", distribution: "uniform" });
  }
}

/** Draws from a truncated normal distribution with the variance 2 / (inputs + outputs) (Glorot and Bengio 2010). */
export class GlorotNormal extends FixedScaling {
  override readonly className = "GlorotNormal";

  constructor(options: FanOptions = {}) {
    super("GlorotNormal", options, { scale: 1, mode: "fan_avg", distribution: "truncated_normal" });
  }
}

/** Draws from a uniform distribution with the variance 2 / inputs (He et al. 2015). */
export class HeUniform extends FixedScaling {
  override readonly className = "HeUniform";

  constructor(options: FanOptions = {}) {
    super("HeUniform", options, { scale: 2, mode: "fan_in", distribution: "uniform" });
  }
}

/** Draws from a truncated normal distribution with the variance 2 / inputs (He et al. 2015). */
export class HeNormal extends FixedScaling {
  override readonly className = "HeNormal";

  constructor(options: FanOptions = {}) {
    super("HeNormal", options, { scale: 2, mode: "fan_in", distribution: "truncated_normal" });
  }
}

/** Draws from a uniform distribution with the variance 1 / inputs (LeCun et al. 1998). */
export class LecunUniform extends FixedScaling {
  override readonly className = "LecunUniform";

  constructor(options: FanOptions = {}) {
    super("LecunUniform", options, { scale: 1, mode: "fan_in", distribution: "uniform" });
  }
}

/** Draws from a truncated normal distribution with the variance 1 / inputs (LeCun et al. 1998). */
export class LecunNormal extends FixedScaling {
  override readonly className = "LecunNormal";

  constructor(options: FanOptions = {}) {
    super("LecunNormal", options, { scale: 1, mode: "fan_in", distribution: "truncated_normal" });
  }
}

/** Options of `Orthogonal`. */
export interface OrthogonalOptions extends SeedOptions {
  /** The factor of the orthogonal matrix. Default: 1. */
  readonly gain?: number | undefined;
}

/**
 * Sets a weight to `gain` times a random matrix with orthonormal columns, or orthonormal rows if there are fewer of them (Saxe et al.
 * 2014). All axes but the last count as rows. Weights of fewer than two axes cause a ValueError.
 */
export class Orthogonal extends RandomInitializer {
  readonly className = "Orthogonal";
  readonly gain: number;

  constructor(options: OrthogonalOptions = {}) {
    checkOptions("Orthogonal", options, { seed: true, gain: true });
    super(options);
    this.gain = numberArgument(options.gain, "gain", 1);
  }

  getConfig(): { gain: number; seed: number | null } {
    return { gain: this.gain, seed: this.seed };
  }

  initialize(shape: Dims): Float32Array {
    checkedSize(shape);
    const cols = shape.at(-1);
    if (shape.length < 2 || cols === undefined) {
      throw valueError(
        "The tensor to initialize must be at least two-dimensional. " +
          `Received: shape=${formatShape(shape)} of rank ${shape.length}.`,
      );
    }
    const rows = sizeOf(shape.slice(0, -1));
    const vectors = orthonormal(Math.min(rows, cols), Math.max(rows, cols), this.stream);
    const values = new Float32Array(rows * cols);
    for (const [i, vector] of vectors.entries()) {
      for (const [k, value] of vector.entries()) values[rows < cols ? i * cols + k : k * cols + i] = this.gain * value;
    }
    return values;
  }
}

/** Random orthonormal vectors by the Gram-Schmidt process, applied twice to each vector so that rounding errors do not add up. */
function orthonormal(count: number, length: number, stream: string): readonly Float64Array[] {
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from(normal(`${stream}/${i}`, length, 0, 1));
    for (const earlier of [...vectors, ...vectors]) {
      const projection = dot(vector, earlier);
      for (let k = 0; k < length; k++) vector[k] = (vector[k] ?? 0) - projection * (earlier[k] ?? 0);
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  return vectors;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
