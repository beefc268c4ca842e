/** Random first values (keras.src.initializers.random_initializers), seedable: the same seed gives the same values. */
import { show, valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { normal, uniform } from "../../core/random.ts";
import { type Dims, axisOf, formatShape, sizeOf } from "../../core/shape.ts";
import { integerArgument, numberArgument, seedArgument } from "../arguments.ts";
import type { Initializer } from "../weight.ts";

export interface SeedOptions {
  /** A whole number for the same values each time; null (the default) draws one when the initializer is made. */
  readonly seed?: number | null | undefined;
}

/** An initializer with a seed. Like Keras's, one initializer gives the same values whenever it is asked for the same shape. */
abstract class RandomInitializer implements Initializer {
  abstract readonly className: string;
  readonly seed: number | null;
  /** The name of the stream of random numbers. */
  protected readonly stream: string;

  constructor(options: SeedOptions) {
    this.seed = seedArgument(options.seed);
    this.stream = `initializer/${this.seed ?? Math.floor(Math.random() * 2 ** 52)}`;
  }

  abstract getConfig(): Record<string, unknown>;
  abstract initialize(shape: Dims): Float32Array;
}

export interface UniformOptions extends SeedOptions {
  readonly minval?: number | undefined;
  readonly maxval?: number | undefined;
}

/** Uniform in [minval, maxval). */
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
    return uniform(this.stream, sizeOf(shape), this.minval, this.maxval);
  }
}

export interface NormalOptions extends SeedOptions {
  readonly mean?: number | undefined;
  readonly stddev?: number | undefined;
}

/** Normal with this mean and standard deviation. */
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
    return normal(this.stream, sizeOf(shape), this.mean, this.stddev);
  }
}

/** Normal, but values beyond two standard deviations are drawn again. */
export class TruncatedNormal extends RandomNormal {
  override readonly className = "TruncatedNormal";

  override initialize(shape: Dims): Float32Array {
    return normal(this.stream, sizeOf(shape), this.mean, this.stddev, true);
  }
}

export type FanMode = "fan_in" | "fan_out" | "fan_avg";
export type FanDistribution = "uniform" | "truncated_normal" | "untruncated_normal";

/** Which axes of the shape count the inputs and the outputs; by default the last two, times the size of the window. */
export interface FanOptions extends SeedOptions {
  readonly inputAxes?: readonly number[] | null | undefined;
  readonly outputAxes?: readonly number[] | null | undefined;
}

export interface VarianceScalingOptions extends FanOptions {
  readonly scale?: number | undefined;
  readonly mode?: FanMode | undefined;
  /** `normal` is `truncated_normal`. */
  readonly distribution?: FanDistribution | "normal" | undefined;
}

/** The deviation of a standard normal distribution that is cut at two deviations. */
const TRUNCATED_DEVIATION = 0.8796256610342398;

/** Values whose variance is `scale` over the number of inputs, outputs, or their mean. */
export class VarianceScaling extends RandomInitializer {
  readonly className: string = "VarianceScaling";
  readonly scale: number;
  readonly mode: FanMode;
  readonly distribution: FanDistribution;
  readonly inputAxes: readonly number[] | null;
  readonly outputAxes: readonly number[] | null;

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
    const { fanIn, fanOut } = computeFans(shape, this.inputAxes, this.outputAxes);
    const fan = this.mode === "fan_in" ? fanIn : this.mode === "fan_out" ? fanOut : (fanIn + fanOut) / 2;
    const variance = this.scale / Math.max(1, fan);
    const size = sizeOf(shape);
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

/** How many inputs each output of a weight of this shape has, and how many outputs each input. */
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

/** The named special cases of VarianceScaling, whose scale, mode and distribution are not in the config. */
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

/** Glorot and Bengio 2010. */
export class GlorotUniform extends FixedScaling {
  override readonly className = "GlorotUniform";

  constructor(options: FanOptions = {}) {
    super("GlorotUniform", options, { scale: 1, mode: "fan_avg", distribution: "uniform" });
  }
}

/** Glorot and Bengio 2010. */
export class GlorotNormal extends FixedScaling {
  override readonly className = "GlorotNormal";

  constructor(options: FanOptions = {}) {
    super("GlorotNormal", options, { scale: 1, mode: "fan_avg", distribution: "truncated_normal" });
  }
}

/** He et al. 2015. */
export class HeUniform extends FixedScaling {
  override readonly className = "HeUniform";

  constructor(options: FanOptions = {}) {
    super("HeUniform", options, { scale: 2, mode: "fan_in", distribution: "uniform" });
  }
}

/** He et al. 2015. */
export class HeNormal extends FixedScaling {
  override readonly className = "HeNormal";

  constructor(options: FanOptions = {}) {
    super("HeNormal", options, { scale: 2, mode: "fan_in", distribution: "truncated_normal" });
  }
}

/** LeCun et al. 1998. */
export class LecunUniform extends FixedScaling {
  override readonly className = "LecunUniform";

  constructor(options: FanOptions = {}) {
    super("LecunUniform", options, { scale: 1, mode: "fan_in", distribution: "uniform" });
  }
}

/** LeCun et al. 1998. */
export class LecunNormal extends FixedScaling {
  override readonly className = "LecunNormal";

  constructor(options: FanOptions = {}) {
    super("LecunNormal", options, { scale: 1, mode: "fan_in", distribution: "truncated_normal" });
  }
}

export interface OrthogonalOptions extends SeedOptions {
  readonly gain?: number | undefined;
}

/** `gain` times orthonormal columns (rows, where there are fewer), after Saxe et al. 2014; all but the last axis count as one. */
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

/** Random orthonormal vectors by Gram-Schmidt, each vector twice so that rounding does not add up. */
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
