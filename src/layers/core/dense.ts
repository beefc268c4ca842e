/** A matrix product along the last axis, plus a bias (keras.layers.Dense). */
import { show, valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { type Shape, formatShape, knownDims } from "../../core/shape.ts";
import { type Tensor, zeros } from "../../core/tensor.ts";
import {
  type ActivationIdentifier,
  type ActivationName,
  activate,
  activationName,
} from "../activations/activations.ts";
import { type Serialized, booleanArgument, keptArguments } from "../arguments.ts";
import type { BackwardPass, LayerGradients, OutputActivation } from "../gradients.ts";
import { type InitializerIdentifier, initializerConfig, initializerOf } from "../initializers/initializers.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import type { Initializer, WeightSpec } from "../weight.ts";

/** Options of `Dense`. */
export interface DenseOptions extends LayerOptions {
  /** The length of the last axis of the output. */
  readonly units: number;
  /** The activation of the output, by its name in Keras. Default: null, which is no activation. */
  readonly activation?: ActivationIdentifier | undefined;
  /** Whether a bias is added to the output. Default: true. */
  readonly useBias?: boolean | undefined;
  /** The initializer of the kernel. Default: `glorot_uniform`. */
  readonly kernelInitializer?: InitializerIdentifier | null | undefined;
  /** The initializer of the bias. Default: `zeros`. */
  readonly biasInitializer?: InitializerIdentifier | null | undefined;
  /** The regularizer of the kernel, for training. Default: none. */
  readonly kernelRegularizer?: Serialized | null | undefined;
  /** The regularizer of the bias, for training. Default: none. */
  readonly biasRegularizer?: Serialized | null | undefined;
  /** The regularizer of the output; it is kept in the config, but training refuses it. Default: none. */
  readonly activityRegularizer?: Serialized | null | undefined;
  /** The constraint on the kernel; it is kept in the config, but training refuses it. Default: none. */
  readonly kernelConstraint?: Serialized | null | undefined;
  /** The constraint on the bias; it is kept in the config, but training refuses it. Default: none. */
  readonly biasConstraint?: Serialized | null | undefined;
}

const KEPT = [
  "kernelRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "kernelConstraint",
  "biasConstraint",
] as const;

/**
 * Computes activation(input × kernel + bias): (batch, …, inputs) becomes (batch, …, units). Its weights are `kernel` (inputs, units) and,
 * if `useBias` is true, `bias` (units).
 */
export class Dense extends Layer {
  readonly className = "Dense";
  /** The length of the last axis of the output. */
  readonly units: number;
  /** The name of the activation; `linear` if there is none. */
  readonly activation: ActivationName;
  /** Whether a bias is added to the output. */
  readonly useBias: boolean;
  /** The initializer of the kernel. */
  readonly kernelInitializer: Initializer;
  /** The initializer of the bias. */
  readonly biasInitializer: Initializer;
  readonly #kept: { readonly [name in (typeof KEPT)[number]]?: Serialized };

  /** @throws ValueError for an unknown option or an impossible value, for example if `units` is not a whole number of 1 or more. */
  constructor(options: DenseOptions) {
    checkOptions("Dense", options, {
      name: true,
      trainable: true,
      units: true,
      activation: true,
      useBias: true,
      kernelInitializer: true,
      biasInitializer: true,
      kernelRegularizer: true,
      biasRegularizer: true,
      activityRegularizer: true,
      kernelConstraint: true,
      biasConstraint: true,
    });
    super(options);
    const { units } = options;
    if (!Number.isSafeInteger(units) || units <= 0) {
      throw valueError(
        `Received an invalid value for \`units\`, expected a positive integer. Received: units=${show(units)}`,
      );
    }
    this.units = units;
    this.activation = activationName(options.activation);
    this.useBias = booleanArgument(options.useBias, "useBias", true);
    this.kernelInitializer = initializerOf(options.kernelInitializer ?? "glorot_uniform");
    this.biasInitializer = initializerOf(options.biasInitializer ?? "zeros");
    this.#kept = keptArguments(options, KEPT);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const channels = this.built ? this.weight("kernel").shape[0] : undefined;
    return [...this.inputShape(inputShapes, { minRank: 2, channels }).slice(0, -1), this.units];
  }

  override get outputActivation(): OutputActivation {
    return { name: this.activation, axis: -1 };
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return activate(this.activation, this.forwardTraining(inputs));
  }

  override forwardTraining(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    const output = zeros(knownDims(this.computeOutputShape([x.shape]), "The output shape"));
    this.build([x.shape]);
    const { units } = this;
    const length = x.shape.at(-1) ?? 0;
    const kernel = this.weight("kernel").values;
    const bias = this.useBias ? this.weight("bias").values : new Float32Array(units);
    const sums = new Float64Array(units);
    for (let row = 0; row * units < output.size; row++) {
      sums.set(bias);
      for (let i = 0; i < length; i++) {
        const value = x.data[row * length + i] ?? NaN;
        for (let u = 0; u < units; u++) sums[u] = (sums[u] ?? NaN) + value * (kernel[i * units + u] ?? NaN);
      }
      output.data.set(sums, row * units);
    }
    return output;
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const x = this.onlyInput(inputs);
    const { units } = this;
    const length = x.shape.at(-1) ?? 0;
    const { values } = this.weight("kernel");
    const input = new Float64Array(x.size);
    const kernel = new Float64Array(values.length);
    const bias = new Float64Array(units);
    for (let row = 0; row * units < gradient.length; row++) {
      const ofRow = gradient.subarray(row * units, (row + 1) * units);
      for (let u = 0; u < units; u++) bias[u] = (bias[u] ?? NaN) + (ofRow[u] ?? NaN);
      for (let i = 0; i < length; i++) {
        const value = x.data[row * length + i] ?? NaN;
        let sum = 0;
        for (let u = 0; u < units; u++) {
          sum += (values[i * units + u] ?? NaN) * (ofRow[u] ?? NaN);
          kernel[i * units + u] = (kernel[i * units + u] ?? NaN) + value * (ofRow[u] ?? NaN);
        }
        input[row * length + i] = sum;
      }
    }
    return { inputs: [input], weights: this.useBias ? { kernel, bias } : { kernel } };
  }

  override getConfig() {
    return {
      ...this.baseConfig(),
      units: this.units,
      activation: this.activation,
      useBias: this.useBias,
      kernelInitializer: initializerConfig(this.kernelInitializer),
      biasInitializer: initializerConfig(this.biasInitializer),
      ...this.#kept,
    };
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): readonly WeightSpec[] {
    const input = this.inputShape(inputShapes, { minRank: 2 });
    const length = input.at(-1) ?? null;
    if (length === null) {
      throw valueError(
        `The last dimension of the inputs to a Dense layer should be defined. Found None. Full input shape received: ${formatShape(input)}`,
      );
    }
    const kernel = { name: "kernel", shape: [length, this.units], initializer: this.kernelInitializer };
    const bias = { name: "bias", shape: [this.units], initializer: this.biasInitializer };
    return this.useBias ? [kernel, bias] : [kernel];
  }
}
