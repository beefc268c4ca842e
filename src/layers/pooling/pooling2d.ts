/** What the pools in a sliding window share (keras.src.layers.pooling.base_pooling). */
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { type OneOrTwo, type Padding, pair } from "../../core/padding.ts";
import { type Shape, formatShape } from "../../core/shape.ts";
import { type DataFormat, dataFormatArgument, paddingArgument } from "../arguments.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import { type Window2D, isTooSmall, windowOutput } from "../windows.ts";

/** Options of `AveragePooling2D`, and of `MaxPooling2D`, which has a default of 2 for the first. */
export interface Pooling2DOptions extends LayerOptions {
  /** The size of the window in pixels: [rows, columns], or one number for both. */
  readonly poolSize: OneOrTwo;
  /** The step of the window in pixels: [rows, columns], or one number for both. Default: the pool size. */
  readonly strides?: OneOrTwo | null | undefined;
  /** `valid`: no padding. `same`: the input is padded, so that the output has ceil(input / stride) rows and columns. Default: `valid`. */
  readonly padding?: Padding | undefined;
  /** The order of the axes; only `channels_last` is supported. Default: `channels_last`. */
  readonly dataFormat?: DataFormat | null | undefined;
}

/** The base class of pools in a sliding window. */
export abstract class Pooling2D extends Layer {
  /** The size of the window in pixels: [rows, columns]. */
  readonly poolSize: readonly [number, number];
  /** The step of the window in pixels: [rows, columns]. */
  readonly strides: readonly [number, number];
  /** The padding mode, `valid` or `same`. */
  readonly padding: Padding;

  /** `className` is what errors about the options name. */
  constructor(className: string, options: Pooling2DOptions) {
    checkOptions(className, options, {
      name: true,
      trainable: true,
      poolSize: true,
      strides: true,
      padding: true,
      dataFormat: true,
    });
    super(options);
    this.poolSize = pair(options.poolSize, "poolSize");
    this.strides = pair(options.strides ?? this.poolSize, "strides");
    this.padding = paddingArgument(options.padding);
    dataFormatArgument(options.dataFormat);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const shape = this.inputShape(inputShapes, { rank: 4 });
    const [rows, cols] = windowOutput(shape, this.window);
    if (isTooSmall([rows, cols], this.window)) {
      throw valueError(
        `Computed output size would be zero or negative. Received: \`inputs.shape=${formatShape(shape)}\`, ` +
          `\`poolSize=${formatShape(this.poolSize)}\`, \`strides=${formatShape(this.strides)}\`, \`padding=${this.padding}\`.`,
      );
    }
    return [shape[0] ?? null, rows, cols, shape[3] ?? null];
  }

  override getConfig() {
    return {
      ...this.baseConfig(),
      poolSize: this.poolSize,
      strides: this.strides,
      padding: this.padding,
      dataFormat: "channels_last" as const,
    };
  }

  /** The window. */
  protected get window(): Window2D {
    return { size: this.poolSize, strides: this.strides, dilation: [1, 1], padding: this.padding };
  }
}
