/** The largest value of each channel over a whole picture (keras.layers.GlobalMaxPooling2D); NaN where one is NaN. */
import type { Tensor } from "../core/tensor.ts";
import { GlobalPooling2D } from "./global-pooling2d.ts";

export class GlobalMaxPooling2D extends GlobalPooling2D {
  readonly className = "GlobalMaxPooling2D";

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.pool(inputs, -Infinity, Math.max, (largest) => largest);
  }
}
