/** The largest value of each channel over a whole picture (keras.layers.GlobalMaxPooling2D). */
import type { Tensor } from "../../core/tensor.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { GlobalPooling2D, type GlobalPooling2DOptions } from "./global-pooling2d.ts";

/**
 * Takes the largest value of each channel over all rows and columns: (batch, rows, columns, channels) becomes (batch, channels). The result
 * is NaN if any of the values is.
 */
export class GlobalMaxPooling2D extends GlobalPooling2D {
  readonly className = "GlobalMaxPooling2D";

  /** @throws ValueError for an unknown option or an impossible value; UnsupportedError for `channels_first`. */
  constructor(options: GlobalPooling2DOptions = {}) {
    super("GlobalMaxPooling2D", options);
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.pool(inputs, -Infinity, Math.max, (largest) => largest);
  }

  /** If several values are the largest, they share the gradient equally, as in TensorFlow. */
  override backward(pass: BackwardPass): LayerGradients {
    const x = this.onlyInput(pass.inputs);
    const [batch = 0, , , channels = 0] = x.shape;
    const largest = this.forward(pass.inputs).data;
    const perPicture = x.size / batch;
    const place = (i: number): number => Math.floor(i / perPicture) * channels + (i % channels);
    const counts = new Uint32Array(largest.length);
    for (const [i, value] of x.data.entries()) {
      if (value === largest[place(i)]) counts[place(i)] = (counts[place(i)] ?? 0) + 1;
    }
    return this.spread(pass, (i, pooled) => (x.data[i] === largest[place(i)] ? pooled / (counts[place(i)] ?? 1) : 0));
  }
}
