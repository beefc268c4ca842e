/** The middle of pictures inside a model (keras.layers.CenterCrop); smaller pictures are resized without changing their proportions. */
import { smartResizePart } from "../../core/interpolation.ts";
import { checkOptions } from "../../core/options.ts";
import type { Dims, Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, dataFormatArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import { type Source, resized, resizedGradient, sizeArguments } from "./resized.ts";

/** Options of `CenterCrop`. */
export interface CenterCropOptions extends LayerOptions {
  /** The new number of rows. */
  readonly height: number;
  /** The new number of columns. */
  readonly width: number;
  /** The order of the axes; only `channels_last` is supported. Default: `channels_last`. */
  readonly dataFormat?: DataFormat | null | undefined;
}

/** Cuts out the middle, in training and inference alike: (batch, rows, columns, channels) becomes (batch, height, width, channels). */
export class CenterCrop extends Layer {
  readonly className = "CenterCrop";
  /** The new number of rows. */
  readonly height: number;
  /** The new number of columns. */
  readonly width: number;

  /** @throws ValueError for an unknown option or an impossible value. */
  constructor(options: CenterCropOptions) {
    checkOptions("CenterCrop", options, { name: true, trainable: true, height: true, width: true, dataFormat: true });
    super(options);
    [this.height, this.width] = sizeArguments(options);
    dataFormatArgument(options.dataFormat);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const [batch = null, , , channels = null] = this.inputShape(inputShapes, { rank: 4 });
    return [batch, this.height, this.width, channels];
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    return resized(x, this.#source(x.shape), this.#size, "bilinear");
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const { shape } = this.onlyInput(inputs);
    return { inputs: [resizedGradient(shape, this.#source(shape), this.#size, "bilinear", gradient)], weights: {} };
  }

  override getConfig() {
    return { ...this.baseConfig(), height: this.height, width: this.width, dataFormat: "channels_last" as const };
  }

  get #size(): readonly [number, number] {
    return [this.height, this.width];
  }

  /** A picture that is large enough is not resized, since its part has the size already. */
  #source([, rows = 0, columns = 0]: Dims): Source {
    const { height, width } = this;
    const middle = {
      top: Math.floor((rows - height) / 2),
      left: Math.floor((columns - width) / 2),
      rows: height,
      columns: width,
    };
    const fits = rows >= height && columns >= width;
    return { top: 0, left: 0, part: fits ? middle : smartResizePart(rows, columns, this.#size) };
  }
}
