/** 2-D convolution (keras.layers.Conv2D): a cross-correlation, optionally in groups of channels. */
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { type Shape, formatShape } from "../../core/shape.ts";
import { type Serialized, integerArgument, keptArguments } from "../arguments.ts";
import { BaseConv2D, type BaseConv2DOptions, type Wiring, BASE_CONV2D_OPTIONS } from "./base-conv2d.ts";
import { type InitializerIdentifier, initializerConfig, initializerOf } from "../initializers/initializers.ts";
import type { Initializer, WeightSpec } from "../weight.ts";

/** Options of `Conv2D`. */
export interface Conv2DOptions extends BaseConv2DOptions {
  /** The number of filters, which is the number of output channels. */
  readonly filters: number;
  /**
   * The number of groups in which channels are convolved separately. The numbers of input channels and of filters must be multiples of it.
   * Default: 1.
   */
  readonly groups?: number | undefined;
  /** The initializer of the kernel. Default: `glorot_uniform`. */
  readonly kernelInitializer?: InitializerIdentifier | null | undefined;
  /** The regularizer of the kernel, for training. Default: none. */
  readonly kernelRegularizer?: Serialized | null | undefined;
  /** The constraint on the kernel; it is kept in the config, but training refuses it. Default: none. */
  readonly kernelConstraint?: Serialized | null | undefined;
}

const KEPT = ["kernelRegularizer", "kernelConstraint"] as const;

/**
 * Convolves pictures of shape (batch, rows, columns, channels) to (batch, new rows, new columns, filters). Its weights are `kernel` (rows,
 * columns, channels / groups, filters) and, if `useBias` is true, `bias` (filters).
 */
export class Conv2D extends BaseConv2D {
  readonly className = "Conv2D";
  /** The number of filters, which is the number of output channels. */
  readonly filters: number;
  /** The number of groups in which channels are convolved separately. */
  readonly groups: number;
  /** The initializer of the kernel. */
  readonly kernelInitializer: Initializer;
  readonly #kept: { readonly [name in (typeof KEPT)[number]]?: Serialized };

  /**
   * @throws ValueError for an unknown option or an impossible value, for example if `filters` is not a multiple of `groups`;
   * UnsupportedError for `channels_first`.
   */
  constructor(options: Conv2DOptions) {
    checkOptions("Conv2D", options, {
      ...BASE_CONV2D_OPTIONS,
      filters: true,
      groups: true,
      kernelInitializer: true,
      kernelRegularizer: true,
      kernelConstraint: true,
    });
    super(options);
    this.filters = integerArgument(options.filters, "filters");
    this.groups = integerArgument(options.groups ?? 1, "groups");
    this.kernelInitializer = initializerOf(options.kernelInitializer ?? "glorot_uniform");
    this.#kept = keptArguments(options, KEPT);
    if (this.filters <= 0) {
      throw valueError(
        `Invalid value for argument \`filters\`. Expected a strictly positive value. Received filters=${this.filters}.`,
      );
    }
    if (this.groups <= 0) {
      throw valueError(`The number of groups must be a positive integer. Received: groups=${this.groups}.`);
    }
    if (this.filters % this.groups !== 0) {
      throw valueError(
        "The number of filters must be evenly divisible by the number of groups. " +
          `Received: groups=${this.groups}, filters=${this.filters}.`,
      );
    }
  }

  override getConfig() {
    return {
      ...super.getConfig(),
      filters: this.filters,
      groups: this.groups,
      kernelInitializer: initializerConfig(this.kernelInitializer),
      ...this.#kept,
    };
  }

  protected override outputChannels(shape: Shape): number {
    const channels = shape.at(-1) ?? null;
    if (channels !== null && channels % this.groups !== 0) {
      throw valueError(
        "The number of input channels must be evenly divisible by the number of groups. " +
          `Received groups=${this.groups}, but the input has ${channels} channels (full input shape is ${formatShape(shape)}).`,
      );
    }
    return this.filters;
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): readonly WeightSpec[] {
    const channels = this.knownChannels(inputShapes);
    const shape = [...this.kernelSize, channels / this.groups, this.filters];
    return this.kernelAndBias(shape, this.kernelInitializer, this.filters);
  }

  protected override builtChannels(): number | undefined {
    return this.built ? (this.weight("kernel").shape[2] ?? 0) * this.groups : undefined;
  }

  protected override wiring(channels: number): Wiring {
    const { filters, groups } = this;
    const channelsPerGroup = channels / groups;
    const count = filters / groups;
    const firsts = Array.from({ length: channels }, (_, c) => Math.floor(c / channelsPerGroup) * count);
    return { count, filters: firsts, starts: firsts.map((first, c) => (c % channelsPerGroup) * filters + first) };
  }
}
