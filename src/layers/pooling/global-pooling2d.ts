/** What the global pools share: one value per channel for a whole picture (keras.src.layers.pooling.base_global_pooling). */
import { checkOptions } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import { type Tensor, zeros } from "../../core/tensor.ts";
import { type DataFormat, booleanArgument, dataFormatArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `GlobalAveragePooling2D` and `GlobalMaxPooling2D`. */
export interface GlobalPooling2DOptions extends LayerOptions {
  /** The order of the axes; only `channels_last` is supported. Default: `channels_last`. */
  readonly dataFormat?: DataFormat | null | undefined;
  /** Whether the output keeps the rows and columns as axes of length 1: (batch, 1, 1, channels) instead of (batch, channels). Default: false. */
  readonly keepdims?: boolean | undefined;
}

/** The base class of pools over a whole picture. */
export abstract class GlobalPooling2D extends Layer {
  /** Whether the output keeps the rows and columns as axes of length 1. */
  readonly keepdims: boolean;

  /** `className` is what errors about the options name. */
  constructor(className: string, options: GlobalPooling2DOptions) {
    checkOptions(className, options, { name: true, trainable: true, dataFormat: true, keepdims: true });
    super(options);
    dataFormatArgument(options.dataFormat);
    this.keepdims = booleanArgument(options.keepdims, "keepdims", false);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const [batch = null, , , channels = null] = this.inputShape(inputShapes, { rank: 4 });
    return this.keepdims ? [batch, 1, 1, channels] : [batch, channels];
  }

  override getConfig() {
    return { ...this.baseConfig(), dataFormat: "channels_last" as const, keepdims: this.keepdims };
  }

  /** Folds the pixels of every picture into one value per channel. */
  protected pool(
    inputs: readonly Tensor<Float32Array>[],
    start: number,
    fold: (pooled: number, value: number) => number,
    finish: (pooled: number, pixels: number) => number,
  ): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    this.computeOutputShape([x.shape]);
    const [batch = 0, rows = 0, cols = 0, channels = 0] = x.shape;
    const pixels = rows * cols;
    const output = zeros(this.keepdims ? [batch, 1, 1, channels] : [batch, channels]);
    const pooled = new Float64Array(channels);
    for (let n = 0; n < batch; n++) {
      pooled.fill(start);
      for (let i = n * pixels * channels; i < (n + 1) * pixels * channels; i++) {
        const c = i % channels;
        pooled[c] = fold(pooled[c] ?? NaN, x.data[i] ?? NaN);
      }
      output.data.set(
        pooled.map((value) => finish(value, pixels)),
        n * channels,
      );
    }
    return output;
  }

  /** The gradient of the inputs: `share` says how much of the gradient of a pooled value each input value receives. */
  protected spread(
    { inputs, gradient }: BackwardPass,
    share: (index: number, pooled: number) => number,
  ): LayerGradients {
    const x = this.onlyInput(inputs);
    const [batch = 0, , , channels = 0] = x.shape;
    const perPicture = x.size / batch;
    const result = new Float64Array(x.size);
    for (let i = 0; i < result.length; i++) {
      const pooled = Math.floor(i / perPicture) * channels + (i % channels);
      result[i] = share(i, gradient[pooled] ?? NaN);
    }
    return { inputs: [result], weights: {} };
  }
}
