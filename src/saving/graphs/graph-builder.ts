/**
 * Builds a model in Keras's terms from the operations of another framework's graph, one by one, and joins what one layer of
 * Keras does. A merged layer takes the inputs of those that it replaces; what no output needs is left out at the end.
 */
import { MobileNetV2Error } from "../../core/errors.ts";
import { type Padding2D, samePadding } from "../../core/padding.ts";
import { type Dims, type Shape, formatShape, shapesEqual } from "../../core/shape.ts";
import type { LayerConfig } from "../../layers/layer.ts";
import type { LayerDescription, ModelDescription, TensorReference } from "../checkpoint.ts";
import { elementCount } from "../bytes/element-count.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { reshaped } from "../derived-tensor.ts";
import { type Factor, areNumbers, combined, listOf, merged, numbersOf, oneOrAll, vectorOf } from "./factors.ts";
import { checkSize, expectVector, outputShape } from "./layer-checks.ts";
import { type NamingOptions, layerNames } from "./layer-names.ts";
import type { Value } from "./value.ts";

export interface ConvolutionOptions {
  /** (rows, cols, channels of a group, filters): filter f of a depthwise convolution looks at channel ⌊f / (filters / channels)⌋. */
  readonly kernel: StoredTensor;
  readonly bias?: StoredTensor | undefined;
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: Padding2D | "same" | "valid";
  readonly groups: number;
}

export interface NormalizationWeights {
  readonly gamma: StoredTensor;
  readonly beta: StoredTensor;
  readonly mean: StoredTensor;
  readonly variance: StoredTensor;
  readonly epsilon: number;
}

export interface FinishOptions extends NamingOptions {
  /** The size of the file in bytes, which bounds the size of the weights. */
  readonly fileSize: number;
}

export interface BuiltModel {
  readonly model: ModelDescription;
  readonly weights: ReadonlyMap<string, StoredTensor>;
}

/** The most layers that a description may have. */
const MAX_LAYERS = 10_000;
/** The most channels whose numbers a Rescaling layer keeps in its config. */
const MAX_RESCALED = 16;

/** The farthest from 0 that both bounds of values may be. */
const MAX_SHIFT = 64;
/** Normalizations that are merged into one: more than any exporter leaves one after the other. */
const MAX_MERGES = 8;

/** Layers that can take over what is done to each channel after them. */
const LINEAR: readonly string[] = ["Conv2D", "DepthwiseConv2D", "Dense"];

const NO_PADS: Padding2D = [
  [0, 0],
  [0, 0],
];

export class GraphBuilder {
  /** All values in the order in which they were made: each after its inputs. */
  readonly #values: Value[] = [];
  /** How many normalizations became this one: its weights are made of theirs when they are read. */
  readonly #merges = new Map<Value, number>();
  /** The values that are bounded from above alone, with what they were. */
  readonly #bounded = new Map<Value, { readonly x: Value; readonly high: number }>();

  input(hint: string, shape: Shape): Value {
    return this.#push({
      className: "InputLayer",
      hint,
      config: { batchShape: shape },
      inputs: [],
      shape,
      weights: new Map(),
    });
  }

  /** Applies a layer. @throws FormatError if shapes do not fit, UnsupportedError for what our layers do not do. */
  layer(
    className: string,
    hint: string,
    config: LayerConfig,
    inputs: readonly Value[],
    weights: Readonly<Record<string, StoredTensor | undefined>> = {},
  ): Value {
    const shape = outputShape(className, hint, config, inputs);
    const given = Object.entries(weights).flatMap(([name, tensor]) =>
      tensor === undefined ? [] : [[name, tensor] as const],
    );
    return this.#push({ className, hint, config, inputs, shape, weights: new Map(given) });
  }

  pad(x: Value, padding: Padding2D, hint: string): Value {
    if (padding.flat().every((zeros) => zeros === 0)) return x;
    return this.layer("ZeroPadding2D", hint, { padding }, [x]);
  }

  convolution(x: Value, options: ConvolutionOptions, hint: string): Value {
    const { kernel, bias, strides, dilation, groups } = options;
    const [rows = 0, cols = 0, perGroup = 0, filters = 0] = kernel.shape;
    const channels = x.shape.at(-1) ?? 0;
    const isWhole = Number.isInteger(groups) && filters % groups === 0 && perGroup * groups === channels;
    if (kernel.shape.length !== 4 || elementCount(kernel.shape) === 0 || !isWhole) {
      throw formatError(
        `The convolution '${hint}' with a kernel of shape ${formatShape(kernel.shape)} and groups=${groups} does not fit ` +
          `its input of shape ${formatShape(x.shape)}.`,
      );
    }
    expectVector(bias, filters, hint);
    if (Math.max(...strides) > 1 && Math.max(...dilation) > 1) {
      throw unsupportedError(
        `The convolution '${hint}' has strides of ${formatShape(strides)} and dilations of ${formatShape(dilation)}; Keras has no layer with both.`,
      );
    }
    const isSame =
      options.padding === "same" || isSamePadding(options.padding, x.shape, kernel.shape, strides, dilation);
    const input = isSame || options.padding === "valid" ? x : this.pad(x, paddingOf(options.padding), `${hint}_pad`);
    const config = {
      kernelSize: [rows, cols],
      strides,
      dilationRate: dilation,
      padding: isSame ? "same" : "valid",
      useBias: bias !== undefined,
    };
    if (groups === 1 || perGroup !== 1 || filters % channels !== 0) {
      return this.layer("Conv2D", hint, { ...config, filters, groups }, [input], { kernel, bias });
    }
    const depthMultiplier = filters / channels;
    return this.layer("DepthwiseConv2D", hint, { ...config, depthMultiplier }, [input], {
      kernel: reshaped(kernel, [rows, cols, channels, depthMultiplier]),
      bias,
    });
  }

  batchNormalization(x: Value, weights: NormalizationWeights, hint: string): Value {
    const { gamma, beta, mean, variance, epsilon } = weights;
    const channels = x.shape.at(-1) ?? 0;
    for (const tensor of [gamma, beta, mean, variance]) expectVector(tensor, channels, hint);
    return this.layer("BatchNormalization", hint, { epsilon }, [x], {
      gamma,
      beta,
      moving_mean: mean,
      moving_variance: variance,
    });
  }

  dense(x: Value, kernel: StoredTensor, bias: StoredTensor | undefined, hint: string): Value {
    const [inputs = 0, units = 0] = kernel.shape;
    if (kernel.shape.length !== 2 || elementCount(kernel.shape) === 0 || x.shape.at(-1) !== inputs) {
      throw formatError(
        `The matrix of '${hint}' of shape ${formatShape(kernel.shape)} does not fit its input of shape ${formatShape(x.shape)}.`,
      );
    }
    expectVector(bias, units, hint);
    return this.layer("Dense", hint, { units, useBias: bias !== undefined }, [x], { kernel, bias });
  }

  /** min(max(x, low), high). A second clamp joins the first. */
  clamp(x: Value, low: number, high: number, hint: string): Value {
    if (low === -Infinity && high === Infinity) return x;
    const { maxValue, negativeSlope = 0 } = x.config;
    const [inner] = x.inputs;
    if (x.className === "ReLU" && inner !== undefined && negativeSlope === 0 && low <= 0) {
      const least = Math.min(high, typeof maxValue === "number" ? maxValue : Infinity);
      return least === (maxValue ?? Infinity) ? x : this.clamp(inner, 0, least, x.hint);
    }
    if (low === 0 && high >= 0) {
      return this.layer("ReLU", hint, { maxValue: high === Infinity ? null : high }, [x]);
    }
    if (low === -1 && high === 1) return this.activation(x, "hard_tanh", hint);
    // Bounds of a ReLU begin at 0, so others are shifted there: by so little that it costs no digits.
    const isNear = [low, high].every((bound) => Math.abs(bound) <= MAX_SHIFT || Math.abs(bound) === Infinity);
    if (!(low <= high) || !isNear) {
      throw unsupportedError(
        `'${hint}' bounds values to [${low}, ${high}]; read are bounds from ${-MAX_SHIFT} to ${MAX_SHIFT}, the lower one first.`,
      );
    }
    return low === -Infinity ? this.#below(x, high, hint) : this.#shifted(x, low, high, hint);
  }

  /** max(min(x, high), low), of which the first half was made before: a clamp, rather than two. */
  clampAgain(x: Value, low: number, hint: string): Value {
    const bounded = this.#bounded.get(x);
    return bounded === undefined || bounded.high < low
      ? this.clamp(x, low, Infinity, hint)
      : this.clamp(bounded.x, low, bounded.high, hint);
  }

  /** high − max(high − x, 0). */
  #below(x: Value, high: number, hint: string): Value {
    const rest = this.layer("ReLU", hint, {}, [this.#rescale(x, [-1], [high], `${hint}_from`)]);
    const value = this.#rescale(rest, [-1], [high], `${hint}_to`);
    this.#bounded.set(value, { x, high });
    return value;
  }

  /** min(max(x − low, 0), high − low) + low. */
  #shifted(x: Value, low: number, high: number, hint: string): Value {
    const maxValue = high === Infinity ? null : high - low;
    const part = this.layer("ReLU", hint, { maxValue }, [this.#rescale(x, [1], [-low], `${hint}_from`)]);
    return this.#rescale(part, [1], [low], `${hint}_to`);
  }

  leakyRelu(x: Value, negativeSlope: number, hint: string): Value {
    return this.layer("ReLU", hint, { negativeSlope }, [x]);
  }

  /** An activation by Keras's name; Softmax along the last axis after a Dense layer becomes its activation. */
  activation(x: Value, activation: string, hint: string): Value {
    const [inner] = x.inputs;
    if (activation === "softmax" && x.className === "Dense" && inner !== undefined && !("activation" in x.config)) {
      return this.#again(x, { ...x.config, activation });
    }
    if (activation === "softmax") return this.layer("Softmax", hint, {}, [x]);
    return this.layer("Activation", hint, { activation }, [x]);
  }

  add(a: Value, b: Value, hint: string): Value {
    return this.layer("Add", hint, {}, [a, b]);
  }

  /** x × scale + offset with constants, one for all or one a channel: the bias of the layer before if it can be, else a layer. */
  affine(x: Value, scale: Factor, offset: Factor, hint: string): Value {
    if (scale === 1 && offset === 0) return x;
    const channels = x.shape.at(-1) ?? 0;
    for (const factor of [scale, offset]) if (typeof factor !== "number") expectVector(factor, channels, hint);
    if (scale === 1 && typeof offset !== "number") {
      if (takesBias(x, channels)) return this.#again(x, { ...x.config, useBias: true }, { bias: offset });
      // TensorFlow's optimizer adds a bias after a residual.
      const at = x.className === "Add" ? x.inputs.findIndex((input) => takesBias(input, channels)) : -1;
      const summand = x.inputs[at];
      if (summand !== undefined) {
        return this.layer("Add", x.hint, {}, x.inputs.with(at, this.affine(summand, 1, offset, summand.hint)));
      }
    }
    const [inner] = x.inputs;
    const isPlain = x.className === "BatchNormalization" && x.config.epsilon === 0;
    if (!isPlain && !LINEAR.includes(x.className) && (channels <= MAX_RESCALED || areNumbers(scale, offset))) {
      return this.#rescale(x, listOf(scale), listOf(offset), hint);
    }
    const factor = vectorOf(scale, channels, hint);
    const added = vectorOf(offset, channels, hint);
    const none = { mean: vectorOf(0, channels, hint), variance: vectorOf(1, channels, hint), epsilon: 0 };
    const [gamma, beta] = [x.weights.get("gamma"), x.weights.get("beta")];
    const merges = (this.#merges.get(x) ?? 0) + 1;
    if (!isPlain || merges > MAX_MERGES || inner === undefined || gamma === undefined || beta === undefined) {
      return this.batchNormalization(x, { ...none, gamma: factor, beta: added }, hint);
    }
    const product = (a: number, b: number): number => a * b;
    const sum = (a: number, b: number): number => a + b;
    const joined = this.batchNormalization(
      inner,
      { ...none, gamma: merged(gamma, factor, product), beta: merged(merged(beta, factor, product), added, sum) },
      x.hint,
    );
    this.#merges.set(joined, merges);
    return joined;
  }

  #rescale(x: Value, scale: Dims, offset: Dims, hint: string): Value {
    const [inner] = x.inputs;
    if (x.className === "Rescaling" && inner !== undefined) {
      const [first, second] = [numbersOf(x.config.scale), numbersOf(x.config.offset)];
      return this.#rescale(
        inner,
        combined(first, scale, (a, b) => a * b),
        combined(
          combined(second, scale, (a, b) => a * b),
          offset,
          (a, b) => a + b,
        ),
        x.hint,
      );
    }
    if ([...scale, ...offset].some((factor) => !Number.isFinite(factor))) {
      throw formatError(`'${hint}' scales by NaN or infinity.`);
    }
    return this.layer("Rescaling", hint, { scale: oneOrAll(scale), offset: oneOrAll(offset) }, [x]);
  }

  globalAverage(x: Value, keepdims: boolean, hint: string): Value {
    return this.layer("GlobalAveragePooling2D", hint, { keepdims }, [x]);
  }

  /** The mean of each window; padding does not count. */
  averagePool(
    x: Value,
    poolSize: readonly [number, number],
    strides: readonly [number, number],
    padding: Padding2D | "same" | "valid",
    hint: string,
  ): Value {
    const isSame = padding === "same" || isSamePadding(padding, x.shape, poolSize, strides, [1, 1]);
    if (
      !isSame &&
      paddingOf(padding)
        .flat()
        .some((zeros) => zeros !== 0)
    ) {
      throw unsupportedError(`'${hint}' pads pictures before it takes means, otherwise than Keras does.`);
    }
    return this.layer("AveragePooling2D", hint, { poolSize, strides, padding: isSame ? "same" : "valid" }, [x]);
  }

  /** The values in the same order under another shape. `target` is without the batch; -1 in it stands for what is left. */
  reshape(x: Value, target: Dims, hint: string): Value {
    if (shapesEqual(target, x.shape.slice(1))) return x;
    const [inner] = x.inputs;
    if (inner !== undefined && ["Reshape", "Flatten"].includes(x.className)) return this.reshape(inner, target, hint);
    const isVector = target.length === 1;
    const fits = target[0] === -1 || target[0] === x.shape.at(-1);
    if (isVector && fits && inner !== undefined && x.className.startsWith("Global")) {
      return this.layer(x.className, x.hint, { keepdims: false }, [inner]);
    }
    const flat = isVector ? this.layer("Flatten", hint, {}, [x]) : undefined;
    if (flat !== undefined && (target[0] === -1 || flat.shape[1] === target[0])) return flat;
    return this.layer("Reshape", hint, { targetShape: target }, [x]);
  }

  /** The model between inputs and outputs. @throws LimitError if it has more weights than a file of that size can hold. */
  finish(name: string, inputs: readonly Value[], outputs: readonly Value[], options: FinishOptions): BuiltModel {
    const needed = new Set<Value>([...inputs, ...outputs]);
    for (const value of this.#values.toReversed()) if (needed.has(value)) value.inputs.forEach((x) => needed.add(x));
    const values = this.#values.filter((value) => needed.has(value));
    const names = layerNames(values, options);
    const reference = (value: Value): TensorReference => ({ layer: names.get(value) ?? "", node: 0, output: 0 });
    const layers = values.map((value): LayerDescription => ({
      className: value.className,
      name: reference(value).layer,
      config: { ...value.config, name: reference(value).layer },
      nodes: value.className === "InputLayer" ? [] : [value.inputs.map(reference)],
    }));
    const weights = values.flatMap((value) =>
      [...value.weights].map(([weight, tensor]) => [`${reference(value).layer}/${weight}`, tensor] as const),
    );
    checkSize(weights, options.fileSize);
    const model: ModelDescription = {
      className: "Functional",
      name,
      trainable: true,
      layers,
      inputs: inputs.map(reference),
      outputs: outputs.map(reference),
    };
    return { model, weights: new Map(weights) };
  }

  /** The layer with another config, and more weights, in place of the first. */
  #again(x: Value, config: LayerConfig, weights: Readonly<Record<string, StoredTensor>> = {}): Value {
    return this.layer(x.className, x.hint, config, x.inputs, { ...Object.fromEntries(x.weights), ...weights });
  }

  #push(value: Value): Value {
    if (this.#values.length === 2 * MAX_LAYERS) {
      throw new MobileNetV2Error("LimitError", `The graph needs more than ${MAX_LAYERS} layers.`);
    }
    this.#values.push(value);
    return value;
  }
}

function paddingOf(padding: Padding2D | "same" | "valid"): Padding2D {
  return typeof padding === "string" ? NO_PADS : padding;
}

/** Whether TensorFlow's `same` pads so; if the size is not known, whether it does for every size. */
function isSamePadding(
  padding: Padding2D | "same" | "valid",
  shape: Shape,
  kernel: Dims,
  strides: readonly [number, number],
  dilation: readonly [number, number],
): boolean {
  if (typeof padding === "string" || padding.flat().every((zeros) => zeros === 0)) return false;
  return ([0, 1] as const).every((axis) => {
    const length = shape[axis + 1] ?? null;
    const extent = dilation[axis] * ((kernel[axis] ?? 1) - 1) + 1;
    if (length === null && strides[axis] > 1) return false;
    const [before, after] = samePadding(length ?? extent, extent, strides[axis]);
    return padding[axis][0] === before && padding[axis][1] === after;
  });
}

function takesBias({ config, shape }: Value, channels: number): boolean {
  return config.useBias === false && !("activation" in config) && shape.at(-1) === channels;
}
