/** Rows and columns of zeros around a picture (keras.layers.ZeroPadding2D). */
import { show, valueError } from "../../core/errors.ts";
import { frozen } from "../../core/frozen.ts";
import { checkOptions } from "../../core/options.ts";
import { type OneOrTwo, type Padding2D, pair } from "../../core/padding.ts";
import { type Dims, type Shape, knownDims } from "../../core/shape.ts";
import { type Tensor, zeros } from "../../core/tensor.ts";
import { type DataFormat, dataFormatArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `ZeroPadding2D`. */
export interface ZeroPadding2DOptions extends LayerOptions {
  /**
   * The number of zeros: one for all four sides, [rows, columns] for the opposite sides, or [[top, bottom], [left, right]], in pixels.
   * Default: 1.
   */
  readonly padding?: number | readonly [OneOrTwo, OneOrTwo] | undefined;
  /** The order of the axes; only `channels_last` is supported. Default: `channels_last`. */
  readonly dataFormat?: DataFormat | null | undefined;
}

/** Adds rows and columns of zeros around pictures of shape (batch, rows, columns, channels). */
export class ZeroPadding2D extends Layer {
  readonly className = "ZeroPadding2D";
  /** The number of zeros as [[top, bottom], [left, right]], in pixels. */
  readonly padding: Padding2D;

  /** @throws ValueError for an unknown option or an impossible value; UnsupportedError for `channels_first`. */
  constructor(options: ZeroPadding2DOptions = {}) {
    checkOptions("ZeroPadding2D", options, { name: true, trainable: true, padding: true, dataFormat: true });
    super(options);
    dataFormatArgument(options.dataFormat);
    this.padding = frozen(paddingOf(options.padding ?? 1));
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const [batch = null, rows = null, cols = null, channels = null] = this.inputShape(inputShapes, { rank: 4 });
    const [[top, bottom], [left, right]] = this.padding;
    return [batch, rows === null ? null : rows + top + bottom, cols === null ? null : cols + left + right, channels];
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    const output = zeros(knownDims(this.computeOutputShape([x.shape]), "The padded shape"));
    this.#forEachRow(x.shape, (from, to, length) => output.data.set(x.data.subarray(from, from + length), to));
    return output;
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const x = this.onlyInput(inputs);
    const result = new Float64Array(x.size);
    this.#forEachRow(x.shape, (from, to, length) => result.set(gradient.subarray(to, to + length), from));
    return { inputs: [result], weights: {} };
  }

  override getConfig() {
    return { ...this.baseConfig(), padding: this.padding, dataFormat: "channels_last" as const };
  }

  /** Visits each row of an input of this shape: the index of its first value, its index in the output, and the number of values. */
  #forEachRow(shape: Dims, visit: (from: number, to: number, length: number) => void): void {
    const [batch = 0, rows = 0, cols = 0, channels = 0] = shape;
    const [[top, bottom], [left, right]] = this.padding;
    for (let n = 0; n < batch; n++) {
      for (let y = 0; y < rows; y++) {
        const to = ((n * (top + rows + bottom) + top + y) * (left + cols + right) + left) * channels;
        visit((n * rows + y) * cols * channels, to, cols * channels);
      }
    }
  }
}

function paddingOf(padding: unknown): Padding2D {
  if (typeof padding === "number") {
    const both = pair(padding, "padding", 0);
    return [both, both];
  }
  if (!Array.isArray(padding)) {
    throw valueError(
      "`padding` should be either an int, a tuple of 2 ints (symmetric_height_crop, symmetric_width_crop), " +
        "or a tuple of 2 tuples of 2 ints ((top_crop, bottom_crop), (left_crop, right_crop)). " +
        `Received: padding=${show(padding)}.`,
    );
  }
  if (padding.length !== 2) {
    throw valueError(`\`padding\` should have two elements. Received: padding=${show(padding)}.`);
  }
  const [rows, cols]: readonly unknown[] = padding;
  return [pair(rows, "1st entry of padding", 0), pair(cols, "2nd entry of padding", 0)];
}
