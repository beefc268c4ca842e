/** What plain and depthwise convolutions share: window, bias, activation and checks (keras.src.layers.convolutional.base_conv). */
import { valueError } from "../../core/errors.ts";
import type { Names } from "../../core/options.ts";
import { type OneOrTwo, type Padding, pair } from "../../core/padding.ts";
import { type Dims, type Shape, formatShape, knownDims, sizeOf } from "../../core/shape.ts";
import { type Tensor, zeros } from "../../core/tensor.ts";
import {
  type ActivationIdentifier,
  type ActivationName,
  activate,
  activationName,
} from "../activations/activations.ts";
import {
  type DataFormat,
  type Serialized,
  booleanArgument,
  dataFormatArgument,
  keptArguments,
  paddingArgument,
} from "../arguments.ts";
import type { BackwardPass, LayerGradients, OutputActivation } from "../gradients.ts";
import { type InitializerIdentifier, initializerConfig, initializerOf } from "../initializers/initializers.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import type { Initializer, WeightSpec } from "../weight.ts";
import { type Window2D, isTooSmall, slideWindow, windowOutput } from "../windows.ts";

/** Options that `Conv2D` and `DepthwiseConv2D` share. */
export interface BaseConv2DOptions extends LayerOptions {
  /** The size of the kernel in pixels: [rows, columns], or one number for both. */
  readonly kernelSize: OneOrTwo;
  /**
   * The step of the kernel in pixels: [rows, columns], or one number for both. Default: 1. Strides above 1 cannot be combined with a
   * dilation rate above 1.
   */
  readonly strides?: OneOrTwo | undefined;
  /**
   * `valid`: no padding. `same`: zeros are added evenly on both sides, an odd one at the end, so that the output has ceil(input / stride)
   * rows and columns. Default: `valid`.
   */
  readonly padding?: Padding | undefined;
  /** The order of the axes; only `channels_last` is supported. Default: `channels_last`. */
  readonly dataFormat?: DataFormat | null | undefined;
  /** The distance between neighbouring taps of the kernel: [rows, columns], or one number for both. Default: 1. */
  readonly dilationRate?: OneOrTwo | undefined;
  /** The activation of the output, by its name in Keras. Default: null, which is no activation. */
  readonly activation?: ActivationIdentifier | undefined;
  /** Whether a bias is added to the output. Default: true. */
  readonly useBias?: boolean | undefined;
  /** The initializer of the bias. Default: `zeros`. */
  readonly biasInitializer?: InitializerIdentifier | null | undefined;
  /** The regularizer of the bias, for training. Default: none. */
  readonly biasRegularizer?: Serialized | null | undefined;
  /** The constraint on the bias; it is kept in the config, but training refuses it. Default: none. */
  readonly biasConstraint?: Serialized | null | undefined;
  /** The regularizer of the output; it is kept in the config, but training refuses it. Default: none. */
  readonly activityRegularizer?: Serialized | null | undefined;
}

/** The names of all options in `BaseConv2DOptions`. */
export const BASE_CONV2D_OPTIONS: Names<BaseConv2DOptions> = {
  name: true,
  trainable: true,
  kernelSize: true,
  strides: true,
  padding: true,
  dataFormat: true,
  dilationRate: true,
  activation: true,
  useBias: true,
  biasInitializer: true,
  biasRegularizer: true,
  biasConstraint: true,
  activityRegularizer: true,
};

const KEPT = ["biasRegularizer", "biasConstraint", "activityRegularizer"] as const;

/** The filters to which each input channel contributes, and the kernel values that it uses. */
export interface Wiring {
  /** The number of filters to which one input channel contributes. The filters are neighbours, and so are their kernel values. */
  readonly count: number;
  /** For each input channel, the first of its filters. */
  readonly filters: ArrayLike<number>;
  /** For each input channel, the position of its first value within the kernel values of one tap. */
  readonly starts: ArrayLike<number>;
}

/** The base class of the convolutions. */
export abstract class BaseConv2D extends Layer {
  /** The size of the kernel in pixels: [rows, columns]. */
  readonly kernelSize: readonly [number, number];
  /** The step of the kernel in pixels: [rows, columns]. */
  readonly strides: readonly [number, number];
  /** The padding mode, `valid` or `same`. */
  readonly padding: Padding;
  /** The distance between neighbouring taps in pixels: [rows, columns]. */
  readonly dilationRate: readonly [number, number];
  /** The name of the activation; `linear` if there is none. */
  readonly activation: ActivationName;
  /** Whether a bias is added to the output. */
  readonly useBias: boolean;
  /** The initializer of the bias. */
  readonly biasInitializer: Initializer;
  readonly #kept: { readonly [name in (typeof KEPT)[number]]?: Serialized };

  constructor(options: BaseConv2DOptions) {
    super(options);
    this.kernelSize = pair(options.kernelSize, "kernelSize");
    this.strides = pair(options.strides ?? 1, "strides");
    this.dilationRate = pair(options.dilationRate ?? 1, "dilationRate");
    this.padding = paddingArgument(options.padding);
    dataFormatArgument(options.dataFormat);
    this.activation = activationName(options.activation);
    this.useBias = booleanArgument(options.useBias, "useBias", true);
    this.biasInitializer = initializerOf(options.biasInitializer ?? "zeros");
    this.#kept = keptArguments(options, KEPT);
    if (Math.max(...this.strides) > 1 && Math.max(...this.dilationRate) > 1) {
      throw valueError(
        "`strides > 1` not supported in conjunction with `dilationRate > 1`. " +
          `Received: strides=${formatShape(this.strides)} and dilationRate=${formatShape(this.dilationRate)}`,
      );
    }
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const shape = this.inputShape(inputShapes, { minRank: 4, channels: this.builtChannels() });
    const filters = this.outputChannels(shape);
    const kernelShape = formatShape([...this.kernelSize, shape.at(-1) ?? null, filters]);
    if (shape.length > 4) {
      throw valueError(
        "Kernel shape must have the same length as input, but received " +
          `kernel of shape ${kernelShape} and input of shape ${formatShape(shape)}.`,
      );
    }
    const [rows, cols] = windowOutput(shape, this.window);
    if (isTooSmall([rows, cols], this.window)) {
      throw valueError(
        `Computed output size would be zero or negative. Received \`inputs shape=${formatShape(shape)}\`, ` +
          `\`kernel shape=${kernelShape}\`, ` +
          `\`dilationRate=${formatShape(this.dilationRate)}\`, \`strides=${formatShape(this.strides)}\`, ` +
          `\`padding=${this.padding}\`.`,
      );
    }
    return [shape[0] ?? null, rows, cols, filters];
  }

  override get outputActivation(): OutputActivation {
    return { name: this.activation, axis: -1 };
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return activate(this.activation, this.forwardTraining(inputs));
  }

  override forwardTraining(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    this.build([x.shape]);
    const [batch = 0, rows = 0, cols = 0, filters = 0] = knownDims(this.computeOutputShape([x.shape]), "An output");
    const channels = x.shape[3] ?? 0;
    const kernel = this.weight("kernel").values;
    const bias = this.useBias ? this.weight("bias").values : new Float32Array(filters);
    const { count, filters: firsts, starts } = this.wiring(channels);
    const perTap = kernel.length / sizeOf(this.kernelSize);
    const output = zeros([batch, rows, cols, filters]);
    const sums = Float64Array.from(bias);
    slideWindow(
      x.shape,
      this.window,
      (pixel, tap) => {
        for (let c = 0; c < channels; c++) {
          const value = x.data[pixel * channels + c] ?? NaN;
          const first = firsts[c] ?? 0;
          const start = tap * perTap + (starts[c] ?? 0);
          for (let i = 0; i < count; i++)
            sums[first + i] = (sums[first + i] ?? NaN) + value * (kernel[start + i] ?? NaN);
        }
      },
      (place) => {
        output.data.set(sums, place * filters);
        sums.set(bias);
      },
    );
    return output;
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const x = this.onlyInput(inputs);
    const channels = x.shape[3] ?? 0;
    const filters = this.outputChannels(x.shape) ?? 0;
    const { values } = this.weight("kernel");
    const { count, filters: firsts, starts } = this.wiring(channels);
    const perTap = values.length / sizeOf(this.kernelSize);
    const input = new Float64Array(x.size);
    const kernel = new Float64Array(values.length);
    const bias = new Float64Array(filters);
    let place = 0;
    slideWindow(
      x.shape,
      this.window,
      (pixel, tap) => {
        for (let c = 0; c < channels; c++) {
          const from = pixel * channels + c;
          const value = x.data[from] ?? NaN;
          const first = place * filters + (firsts[c] ?? 0);
          const start = tap * perTap + (starts[c] ?? 0);
          let sum = 0;
          for (let i = 0; i < count; i++) {
            const ofOutput = gradient[first + i] ?? NaN;
            sum += (values[start + i] ?? NaN) * ofOutput;
            kernel[start + i] = (kernel[start + i] ?? NaN) + value * ofOutput;
          }
          input[from] = (input[from] ?? NaN) + sum;
        }
      },
      () => {
        for (let f = 0; f < filters; f++) bias[f] = (bias[f] ?? NaN) + (gradient[place * filters + f] ?? NaN);
        place++;
      },
    );
    return { inputs: [input], weights: this.useBias ? { kernel, bias } : { kernel } };
  }

  override getConfig() {
    return {
      ...this.baseConfig(),
      kernelSize: this.kernelSize,
      strides: this.strides,
      padding: this.padding,
      dataFormat: "channels_last" as const,
      dilationRate: this.dilationRate,
      activation: this.activation,
      useBias: this.useBias,
      biasInitializer: initializerConfig(this.biasInitializer),
      ...this.#kept,
    };
  }

  /**
   * The number of output channels for an input of this shape; null if it is unknown.
   * @throws ValueError if the input's channels do not fit.
   */
  protected abstract outputChannels(shape: Shape): number | null;

  /** How the input channels are connected to the filters. */
  protected abstract wiring(channels: number): Wiring;

  /** The number of input channels that the kernel was made for; undefined before it is made. */
  protected abstract builtChannels(): number | undefined;

  protected get window(): Window2D {
    return { size: this.kernelSize, strides: this.strides, dilation: this.dilationRate, padding: this.padding };
  }

  /** The specifications of the kernel and, if the layer uses it, the bias. */
  protected kernelAndBias(kernel: Dims, kernelInitializer: Initializer, channels: number): readonly WeightSpec[] {
    const specs = [{ name: "kernel", shape: kernel, initializer: kernelInitializer }];
    if (this.useBias) specs.push({ name: "bias", shape: [channels], initializer: this.biasInitializer });
    return specs;
  }

  /**
   * The number of input channels.
   * @throws ValueError if it is unknown.
   */
  protected knownChannels(inputShapes: readonly Shape[]): number {
    this.computeOutputShape(inputShapes);
    const shape = this.inputShape(inputShapes);
    const channels = shape.at(-1) ?? null;
    if (channels !== null) return channels;
    throw valueError(
      `The channel dimension of the inputs to a ${this.className} layer should be defined. ` +
        `Received: inputShape=${formatShape(shape)}`,
    );
  }
}
