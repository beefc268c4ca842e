/** The mean of each channel over a whole picture (keras.layers.GlobalAveragePooling2D). */
import type { Tensor } from "../core/tensor.ts";
import { GlobalPooling2D } from "./global-pooling2d.ts";

export class GlobalAveragePooling2D extends GlobalPooling2D {
  readonly className = "GlobalAveragePooling2D";

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.pool(
      inputs,
      0,
      (sum, value) => sum + value,
      (sum, pixels) => sum / pixels,
    );
  }
}
