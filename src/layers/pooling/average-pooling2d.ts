/** Average pooling in a sliding window (keras.layers.AveragePooling2D); padding does not count in the average. */
import { knownDims } from "../../core/shape.ts";
import { type Tensor, zeros } from "../../core/tensor.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { slideWindow } from "../windows.ts";
import { Pooling2D, type Pooling2DOptions } from "./pooling2d.ts";

/** Options of `AveragePooling2D`. */
export interface AveragePooling2DOptions extends Pooling2DOptions {}

/** Averages each channel over a sliding window: (batch, rows, columns, channels) becomes (batch, new rows, new columns, channels). */
export class AveragePooling2D extends Pooling2D {
  readonly className = "AveragePooling2D";
  /** @throws ValueError for an unknown option or an impossible value; UnsupportedError for `channels_first`. */
  constructor(options: AveragePooling2DOptions) {
    super("AveragePooling2D", options);
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    const output = zeros(knownDims(this.computeOutputShape([x.shape]), "The pooled shape"));
    const channels = x.shape[3] ?? 0;
    const sums = new Float64Array(channels);
    let taps = 0;
    slideWindow(
      x.shape,
      this.window,
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
      this.window,
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
}
