/** All axes but the batch joined into one (keras.layers.Flatten). */
import { checkOptions } from "../../core/options.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, dataFormatArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `Flatten`. */
export interface FlattenOptions extends LayerOptions {
  /** The order of the axes; only `channels_last` is supported. Default: `channels_last`. */
  readonly dataFormat?: DataFormat | null | undefined;
}

/** Joins all axes but the batch into one: (batch, rows, columns, channels) becomes (batch, rows × columns × channels). */
export class Flatten extends Layer {
  readonly className = "Flatten";

  /** @throws ValueError for an unknown option; UnsupportedError for `channels_first`. */
  constructor(options: FlattenOptions = {}) {
    checkOptions("Flatten", options, { name: true, trainable: true, dataFormat: true });
    super(options);
    dataFormatArgument(options.dataFormat);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const [batch = null, ...axes] = this.inputShape(inputShapes, { minRank: 1 });
    return [
      batch,
      axes.reduce<number | null>((size, axis) => (size === null || axis === null ? null : size * axis), 1),
    ];
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    return x.reshape([x.shape[0] ?? 1, sizeOf(x.shape.slice(1))]);
  }

  override backward({ gradient }: BackwardPass): LayerGradients {
    return { inputs: [gradient], weights: {} };
  }

  override getConfig() {
    return { ...this.baseConfig(), dataFormat: "channels_last" as const };
  }
}
