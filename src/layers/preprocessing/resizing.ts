/** Pictures of another size inside a model (keras.layers.Resizing), as `tf.image.resize` makes them. */
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import { type PixelInterpolation, smartResizePart } from "../../core/interpolation.ts";
import { checkOptions } from "../../core/options.ts";
import type { Dims, Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, booleanArgument, dataFormatArgument, numberArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";
import { type Source, resized, resizedGradient, sizeArguments } from "./resized.ts";

/** Options of `Resizing`. */
export interface ResizingOptions extends LayerOptions {
  /** The new number of rows. */
  readonly height: number;
  /** The new number of columns. */
  readonly width: number;
  /** `bilinear`, or `nearest` for the nearest pixel. Default: `bilinear`. */
  readonly interpolation?: PixelInterpolation | undefined;
  /** Whether the picture keeps its proportions, and what does not fit is cut off equally on both sides. Default: false. */
  readonly cropToAspectRatio?: boolean | undefined;
  /** Whether the picture keeps its proportions, and is surrounded by `fillValue` on both sides. Default: false. */
  readonly padToAspectRatio?: boolean | undefined;
  /** Only `constant` is supported, as in Keras with TensorFlow. Default: `constant`. */
  readonly fillMode?: "constant" | undefined;
  /** The value around a picture that keeps its proportions. Default: 0. */
  readonly fillValue?: number | undefined;
  /** Only false is supported. Default: false. */
  readonly antialias?: false | undefined;
  /** The order of the axes; only `channels_last` is supported. Default: `channels_last`. */
  readonly dataFormat?: DataFormat | null | undefined;
}

/** Resizes pictures, in training and inference alike: (batch, rows, columns, channels) becomes (batch, height, width, channels). */
export class Resizing extends Layer {
  readonly className = "Resizing";
  /** The new number of rows. */
  readonly height: number;
  /** The new number of columns. */
  readonly width: number;
  /** How values between pixels are found. */
  readonly interpolation: PixelInterpolation;
  /** Whether the picture keeps its proportions, and is cropped. */
  readonly cropToAspectRatio: boolean;
  /** Whether the picture keeps its proportions, and is padded. */
  readonly padToAspectRatio: boolean;
  /** The value around a picture that is padded. */
  readonly fillValue: number;

  /** @throws ValueError for an unknown option or an impossible value; UnsupportedError for other interpolations, antialiasing and fill modes. */
  constructor(options: ResizingOptions) {
    checkOptions("Resizing", options, {
      name: true,
      trainable: true,
      height: true,
      width: true,
      interpolation: true,
      cropToAspectRatio: true,
      padToAspectRatio: true,
      fillMode: true,
      fillValue: true,
      antialias: true,
      dataFormat: true,
    });
    super(options);
    [this.height, this.width] = sizeArguments(options);
    this.interpolation = interpolationArgument(options.interpolation);
    this.cropToAspectRatio = booleanArgument(options.cropToAspectRatio, "cropToAspectRatio", false);
    this.padToAspectRatio = booleanArgument(options.padToAspectRatio, "padToAspectRatio", false);
    this.fillValue = numberArgument(options.fillValue, "fillValue", 0);
    if (this.cropToAspectRatio && this.padToAspectRatio) {
      throw valueError("Only one of `padToAspectRatio` & `cropToAspectRatio` can be `True`.");
    }
    if (booleanArgument(options.antialias, "antialias", false)) throw unsupported("antialias", true, "false");
    if ((options.fillMode ?? "constant") !== "constant") throw unsupported("fillMode", options.fillMode, "'constant'");
    dataFormatArgument(options.dataFormat);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const [batch = null, , , channels = null] = this.inputShape(inputShapes, { rank: 4 });
    return [batch, this.height, this.width, channels];
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    return resized(x, this.#source(x.shape), this.#size, this.interpolation, this.fillValue);
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const { shape } = this.onlyInput(inputs);
    const result = resizedGradient(shape, this.#source(shape), this.#size, this.interpolation, gradient);
    return { inputs: [result], weights: {} };
  }

  override getConfig() {
    return {
      ...this.baseConfig(),
      height: this.height,
      width: this.width,
      interpolation: this.interpolation,
      cropToAspectRatio: this.cropToAspectRatio,
      padToAspectRatio: this.padToAspectRatio,
      fillMode: "constant" as const,
      fillValue: this.fillValue,
      antialias: false as const,
      dataFormat: "channels_last" as const,
    };
  }

  get #size(): readonly [number, number] {
    return [this.height, this.width];
  }

  #source([, rows = 0, columns = 0]: Dims): Source {
    if (this.cropToAspectRatio) return { top: 0, left: 0, part: smartResizePart(rows, columns, this.#size) };
    const pad = this.padToAspectRatio;
    const top = pad ? paddingOf(rows, columns, this.height, this.width) : 0;
    const left = pad ? paddingOf(columns, rows, this.width, this.height) : 0;
    return { top, left, part: { top: 0, left: 0, rows: rows + 2 * top, columns: columns + 2 * left } };
  }
}

/** The rows before a picture that is padded to the proportions of another size; as many come after it. */
function paddingOf(rows: number, columns: number, height: number, width: number): number {
  return Math.trunc((Math.max(rows, Math.trunc((columns * height) / width)) - rows) / 2);
}

const OTHERS: ReadonlySet<unknown> = new Set(["bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"]);

function interpolationArgument(value: unknown): PixelInterpolation {
  const given = value ?? "bilinear";
  const method = typeof given === "string" ? given.toLowerCase() : given;
  if (method === "bilinear" || method === "nearest") return method;
  if (OTHERS.has(method)) throw unsupported("interpolation", value, "'bilinear' and 'nearest'");
  throw valueError(
    "Invalid value for argument `interpolation`. Expected of one ('bilinear', 'nearest', 'lanczos3', 'lanczos5', 'bicubic'). " +
      `Received: interpolation=${show(value)}`,
  );
}

function unsupported(argument: string, value: unknown, supported: string): MobileNetV2Error {
  return new MobileNetV2Error(
    "UnsupportedError",
    `Resizing supports ${supported} as \`${argument}\`. Received: ${argument}=${show(value)}`,
  );
}
