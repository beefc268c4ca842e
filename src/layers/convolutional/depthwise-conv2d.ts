/** Depthwise 2-D convolution (keras.layers.DepthwiseConv2D): every channel has `depthMultiplier` filters of its own. */
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import { type Serialized, integerArgument, keptArguments } from "../arguments.ts";
import { BaseConv2D, type BaseConv2DOptions, type Wiring, BASE_CONV2D_OPTIONS } from "./base-conv2d.ts";
import { type InitializerIdentifier, initializerConfig, initializerOf } from "../initializers/initializers.ts";
import type { Initializer, WeightSpec } from "../weight.ts";

/** Options of `DepthwiseConv2D`. */
export interface DepthwiseConv2DOptions extends BaseConv2DOptions {
  /** The number of output channels per input channel. Default: 1. */
  readonly depthMultiplier?: number | undefined;
  /** The initializer of the kernel. Default: `glorot_uniform`. */
  readonly depthwiseInitializer?: InitializerIdentifier | null | undefined;
  /** The regularizer of the kernel, for training. Default: none. */
  readonly depthwiseRegularizer?: Serialized | null | undefined;
  /** The constraint on the kernel; it is kept in the config, but training refuses it. Default: none. */
  readonly depthwiseConstraint?: Serialized | null | undefined;
}

const KEPT = ["depthwiseRegularizer", "depthwiseConstraint"] as const;

/**
 * Convolves every channel on its own: (batch, rows, columns, channels) becomes (batch, new rows, new columns, channels × depthMultiplier).
 * Output channel `c * depthMultiplier + m` comes from input channel `c`. Its weights are `kernel` (rows, columns, channels,
 * depthMultiplier) and, if `useBias` is true, `bias` (channels × depthMultiplier).
 */
export class DepthwiseConv2D extends BaseConv2D {
  readonly className = "DepthwiseConv2D";
  /** The number of output channels per input channel. */
  readonly depthMultiplier: number;
  /** The initializer of the kernel. */
  readonly depthwiseInitializer: Initializer;
  readonly #kept: { readonly [name in (typeof KEPT)[number]]?: Serialized };

  /** @throws ValueError for an unknown option or an impossible value; UnsupportedError for `channels_first`. */
  constructor(options: DepthwiseConv2DOptions) {
    checkOptions("DepthwiseConv2D", options, {
      ...BASE_CONV2D_OPTIONS,
      depthMultiplier: true,
      depthwiseInitializer: true,
      depthwiseRegularizer: true,
      depthwiseConstraint: true,
    });
    super(options);
    this.depthMultiplier = integerArgument(options.depthMultiplier ?? 1, "depthMultiplier");
    this.depthwiseInitializer = initializerOf(options.depthwiseInitializer ?? "glorot_uniform");
    this.#kept = keptArguments(options, KEPT);
    if (this.depthMultiplier <= 0) {
      throw valueError(
        "Invalid value for argument `depthMultiplier`. Expected a strictly positive value. " +
          `Received depthMultiplier=${this.depthMultiplier}.`,
      );
    }
  }

  override getConfig() {
    return {
      ...super.getConfig(),
      depthMultiplier: this.depthMultiplier,
      depthwiseInitializer: initializerConfig(this.depthwiseInitializer),
      ...this.#kept,
    };
  }

  protected override outputChannels(shape: Shape): number | null {
    const channels = shape.at(-1) ?? null;
    return channels === null ? null : channels * this.depthMultiplier;
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): readonly WeightSpec[] {
    const channels = this.knownChannels(inputShapes);
    const shape = [...this.kernelSize, channels, this.depthMultiplier];
    return this.kernelAndBias(shape, this.depthwiseInitializer, channels * this.depthMultiplier);
  }

  protected override builtChannels(): number | undefined {
    return this.built ? this.weight("kernel").shape[2] : undefined;
  }

  protected override wiring(channels: number): Wiring {
    const count = this.depthMultiplier;
    const firsts = Array.from({ length: channels }, (_, c) => c * count);
    return { count, filters: firsts, starts: firsts };
  }
}
