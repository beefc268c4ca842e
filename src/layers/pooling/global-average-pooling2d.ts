/** The average of each channel over a whole picture (keras.layers.GlobalAveragePooling2D). */
import type { Tensor } from "../../core/tensor.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { GlobalPooling2D, type GlobalPooling2DOptions } from "./global-pooling2d.ts";

/** Averages each channel over all rows and columns: (batch, rows, columns, channels) becomes (batch, channels). */
export class GlobalAveragePooling2D extends GlobalPooling2D {
  readonly className = "GlobalAveragePooling2D";

  /** @throws ValueError for an unknown option or an impossible value; UnsupportedError for `channels_first`. */
  constructor(options: GlobalPooling2DOptions = {}) {
    super("GlobalAveragePooling2D", options);
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.pool(
      inputs,
      0,
      (sum, value) => sum + value,
      (sum, pixels) => sum / pixels,
    );
  }

  override backward(pass: BackwardPass): LayerGradients {
    const [, rows = 0, cols = 0] = this.onlyInput(pass.inputs).shape;
    return this.spread(pass, (_pixel, pooled) => pooled / (rows * cols));
  }
}
