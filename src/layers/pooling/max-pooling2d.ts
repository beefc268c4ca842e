/** The largest values in a sliding window (keras.layers.MaxPooling2D); padding does not count. */
import { check, plainObject } from "../../core/kinds.ts";
import type { OneOrTwo } from "../../core/padding.ts";
import { type Tensor, zeros } from "../../core/tensor.ts";
import { knownDims } from "../../core/shape.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { slideWindow } from "../windows.ts";
import { Pooling2D, type Pooling2DOptions } from "./pooling2d.ts";

/** Options of `MaxPooling2D`. */
export interface MaxPooling2DOptions extends Omit<Pooling2DOptions, "poolSize"> {
  /** The size of the window in pixels: [rows, columns], or one number for both. Default: 2. */
  readonly poolSize?: OneOrTwo | undefined;
}

/** Takes the largest value of each channel in a sliding window: (batch, rows, columns, channels) becomes (batch, new rows, new columns, channels). */
export class MaxPooling2D extends Pooling2D {
  readonly className = "MaxPooling2D";

  /** @throws ValueError for an unknown option or an impossible value; UnsupportedError for `channels_first`. */
  constructor(options: MaxPooling2DOptions = {}) {
    check("MaxPooling2D", "options", options, plainObject("an object"));
    super("MaxPooling2D", { ...options, poolSize: options.poolSize ?? 2 });
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    const output = zeros(knownDims(this.computeOutputShape([x.shape]), "The pooled shape"));
    for (const [i, from] of this.#largest(x, output.size).entries()) output.data[i] = x.data[from] ?? NaN;
    return output;
  }

  /** If several values are the largest, the first of them gets the gradient, as in TensorFlow. */
  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const x = this.onlyInput(inputs);
    const result = new Float64Array(x.size);
    for (const [i, from] of this.#largest(x, gradient.length).entries()) {
      result[from] = (result[from] ?? NaN) + (gradient[i] ?? NaN);
    }
    return { inputs: [result], weights: {} };
  }

  /** For each value of the output, where the value is that it is. NaN counts as the largest. */
  #largest({ shape, data }: Tensor<Float32Array>, size: number): Uint32Array {
    const channels = shape[3] ?? 0;
    const found = new Uint32Array(size);
    let best = new Int32Array(channels).fill(-1);
    slideWindow(
      shape,
      this.window,
      (pixel) => {
        for (let c = 0; c < channels; c++) {
          const at = pixel * channels + c;
          const most = data[best[c] ?? -1] ?? NaN;
          const value = data[at] ?? NaN;
          if ((best[c] ?? -1) < 0 || value > most || (Number.isNaN(value) && !Number.isNaN(most))) best[c] = at;
        }
      },
      (place) => {
        found.set(best, place * channels);
        best = new Int32Array(channels).fill(-1);
      },
    );
    return found;
  }
}
