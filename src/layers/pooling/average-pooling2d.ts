/** Average pooling in a sliding window (keras.layers.AveragePooling2D); padding does not count in the average. */
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { type OneOrTwo, type Padding, pair } from "../../core/padding.ts";
import { type Shape, formatShape, knownDims } from "../../core/shape.ts";
import { type Tensor, zeros } from "../../core/tensor.ts";
import { type DataFormat, dataFormatArgument, paddingArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import { type Window2D, isTooSmall, slideWindow, windowOutput } from "../windows.ts";

/** Options of `AveragePooling2D`. */
export interface AveragePooling2DOptions extends LayerOptions {
  /** The size of the window in pixels: [rows, columns], or one number for both. */
  readonly poolSize: OneOrTwo;
  /** The step of the window in pixels: [rows, columns], or one number for both. Default: the pool size. */
  readonly strides?: OneOrTwo | null | undefined;
  /** `valid`: no padding. `same`: the input is padded, so that the output has ceil(input / stride) rows and columns. Default: `valid`. */
  readonly padding?: Padding | undefined;
  /** The order of the axes; only `channels_last` is supported. Default: `channels_last`. */
  readonly dataFormat?: DataFormat | null | undefined;
}

/** Averages each channel over a sliding window: (batch, rows, columns, channels) becomes (batch, new rows, new columns, channels). */
export class AveragePooling2D extends Layer {
  readonly className = "AveragePooling2D";
  /** The size of the window in pixels: [rows, columns]. */
  readonly poolSize: readonly [number, number];
  /** The step of the window in pixels: [rows, columns]. */
  readonly strides: readonly [number, number];
  /** The padding mode, `valid` or `same`. */
  readonly padding: Padding;

  /** @throws ValueError for an unknown option or an impossible value; UnsupportedError for `channels_first`. */
  constructor(options: AveragePooling2DOptions) {
    checkOptions("AveragePooling2D", options, {
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
    const [rows, cols] = windowOutput(shape, this.#window);
    if (isTooSmall([rows, cols], this.#window)) {
      throw valueError(
        `Computed output size would be zero or negative. Received: \`inputs.shape=${formatShape(shape)}\`, ` +
          `\`poolSize=${formatShape(this.poolSize)}\`, \`strides=${formatShape(this.strides)}\`, \`padding=${this.padding}\`.`,
      );
    }
    return [shape[0] ?? null, rows, cols, shape[3] ?? null];
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    const output = zeros(knownDims(this.computeOutputShape([x.shape]), "The pooled shape"));
    const channels = x.shape[3] ?? 0;
    const sums = new Float64Array(channels);
    let taps = 0;
    slideWindow(
      x.shape,
      this.#window,
      (pixel) => {
        taps++;
        for (let c = 0; c < channels; c++) sums[c] = (sums[c] ?? NaN) + (x.data[pixel * channels + c] ?? NaN);
      },
      (place) => {
        for (let c = 0; c < channels; c++) output.data[place * channels + c] = (sums[c] ?? NaN) / taps;
        sums.fill(0);
        taps = 0;
      },
    );
    return output;
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const x = this.onlyInput(inputs);
    const channels = x.shape[3] ?? 0;
    const result = new Float64Array(x.size);
    let pixels: number[] = [];
    slideWindow(
      x.shape,
      this.#window,
      (pixel) => pixels.push(pixel),
      (place) => {
        for (const pixel of pixels) {
          for (let c = 0; c < channels; c++) {
            const share = (gradient[place * channels + c] ?? NaN) / pixels.length;
            result[pixel * channels + c] = (result[pixel * channels + c] ?? NaN) + share;
          }
        }
        pixels = [];
      },
    );
    return { inputs: [result], weights: {} };
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

  get #window(): Window2D {
    return { size: this.poolSize, strides: this.strides, dilation: [1, 1], padding: this.padding };
  }
}
