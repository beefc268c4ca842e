/** Multiplication by a scale and addition of an offset (keras.layers.Rescaling). */
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { type Shape, formatShape } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { isRecord, numberArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `Rescaling`. */
export interface RescalingOptions extends LayerOptions {
  /** The factor: one number for all channels, or a list with one per channel. */
  readonly scale: number | readonly number[];
  /** The number that is added after scaling: one for all channels, or a list with one per channel. Default: 0. */
  readonly offset?: number | readonly number[] | undefined;
}

/** Computes x × scale + offset, in training and inference alike. For example, scale 1/127.5 and offset -1 map 0…255 to -1…1. */
export class Rescaling extends Layer {
  readonly className = "Rescaling";
  /** The factor: one number for all channels, or one per channel. */
  readonly scale: number | readonly number[];
  /** The number that is added after scaling: one for all channels, or one per channel. */
  readonly offset: number | readonly number[];

  /** @throws ValueError for an unknown option, or if a number is missing or not finite. */
  constructor(options: RescalingOptions) {
    checkOptions("Rescaling", options, { name: true, trainable: true, scale: true, offset: true });
    super(options);
    this.scale = numberOrList(options.scale, "scale");
    this.offset = numberOrList(options.offset ?? 0, "offset");
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const shape = this.inputShape(inputShapes);
    const channels = shape.at(-1) ?? null;
    for (const list of [this.scale, this.offset]) {
      if (typeof list !== "number" && list.length !== 1 && channels !== null && list.length !== channels) {
        throw valueError(
          `Layer '${this.name}' rescales ${list.length} channels. Received an input of shape ${formatShape(shape)}.`,
        );
      }
    }
    return shape;
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    this.computeOutputShape([x.shape]);
    const channels = x.shape.at(-1) ?? 1;
    const scale = perChannel(this.scale, channels);
    const offset = perChannel(this.offset, channels);
    return new Tensor(
      x.shape,
      x.data.map((value, i) => value * (scale[i % channels] ?? NaN) + (offset[i % channels] ?? NaN)),
    );
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const channels = this.onlyInput(inputs).shape.at(-1) ?? 1;
    const scale = perChannel(this.scale, channels);
    return { inputs: [gradient.map((value, i) => value * (scale[i % channels] ?? NaN))], weights: {} };
  }

  override getConfig() {
    return { ...this.baseConfig(), scale: this.scale, offset: this.offset };
  }
}

function numberOrList(value: unknown, argument: string): number | readonly number[] {
  // Keras writes a NumPy array as { className: "__numpy__", config: { value: […] } }.
  const given = isRecord(value) && isRecord(value.config) ? value.config.value : value;
  return Array.isArray(given)
    ? given.map((item: unknown) => numberArgument(item, argument, NaN))
    : numberArgument(given, argument, NaN);
}

function perChannel(value: number | readonly number[], channels: number): readonly number[] {
  const list = typeof value === "number" ? [value] : value;
  return list.length === 1 ? Array.from({ length: channels }, () => list[0] ?? NaN) : list;
}
