/** The arguments of MobileNetV2, checked as keras.applications does, with its messages. */
import { show, valueError } from "../core/errors.ts";
import { FLAG, FUNCTION, LIST, SIGNAL, TEXT, orNull } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { type Shape, formatShape, shapesEqual } from "../core/shape.ts";
import { type ActivationName, activationName } from "../layers/activations/activations.ts";
import { KerasTensor } from "../layers/layer.ts";
import { type ThreadOptions, threadsOf } from "../models/threads.ts";
import type { BytesSource, Progress } from "../platform/contract.ts";
import { PUBLISHED_ALPHAS, PUBLISHED_ROWS, isPublished } from "./checkpoints.ts";

/** The arguments of `MobileNetV2`, those of keras.applications.MobileNetV2 and a few more. */
export interface MobileNetV2Options extends ThreadOptions {
  /**
   * The shape of the input without the batch axis, [rows, cols, channels]; rows and cols are 32 or more. Without the top, rows and cols may be
   * null: the model then takes pictures of any size. With the top and ImageNet weights, it must be a published size, such as [160, 160, 3].
   * Default: [224, 224, 3] with the top, [null, null, 3] without it.
   */
  readonly inputShape?: Shape | null | undefined;
  /**
   * The width multiplier, above 0: every layer has about alpha times the channels of the paper. ImageNet weights exist for 0.35, 0.5, 0.75, 1,
   * 1.3 and 1.4. Default: 1.
   */
  readonly alpha?: number | undefined;
  /** Whether to include the classifier at the top of the network. Default: true. */
  readonly includeTop?: boolean | undefined;
  /** `imagenet` for pre-trained weights, null for random ones, or a weights file: its path, URL, bytes or `Blob`. Default: `imagenet`. */
  readonly weights?: BytesSource | null | undefined;
  /** A symbolic tensor (the output of `Input` or of a layer) to use as the image input, to share it between models. Default: a new `Input`. */
  readonly inputTensor?: KerasTensor | null | undefined;
  /**
   * The pooling without the top: null gives the last feature map, [batch, rows, cols, channels], `avg` and `max` its global average or
   * maximum, [batch, channels]. Default: null.
   */
  readonly pooling?: "avg" | "max" | null | undefined;
  /** The number of classes of the top; 1000 with ImageNet weights. Default: 1000. */
  readonly classes?: number | undefined;
  /** The activation of the top; null gives logits. With pre-trained weights, only `softmax` and null are possible. Default: `softmax`. */
  readonly classifierActivation?: string | null | undefined;
  /** The name of the model. Default: `mobilenetv2_{alpha}_{rows}`, as in Keras. */
  readonly name?: string | null | undefined;
  /**
   * The URL of a folder that has the ImageNet weights under Keras's file names. Default: the environment variable MOBILENETV2_WEIGHTS_URL, or
   * else Keras's own address. Pages should give a copy of their own, since Keras's address may refuse requests from other origins.
   */
  readonly weightsBaseUrl?: string | undefined;
  /** A function that is called with the progress of reading the weights; it is not called if they are in the cache. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** A signal that, once aborted, ends the loading of weights: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The checked arguments, with their defaults. */
export interface ModelArguments {
  readonly inputShape: Shape;
  readonly alpha: number;
  readonly includeTop: boolean;
  readonly weights: BytesSource | null;
  readonly inputTensor: KerasTensor | undefined;
  readonly pooling: "avg" | "max" | null;
  readonly classes: number;
  readonly classifierActivation: ActivationName;
  readonly name: string | undefined;
  readonly threads: number;
  /** The input size of the weights to load, which Keras also puts into the model's name. */
  readonly weightRows: number | null;
}

const LEAST_SIZE = 32;
/** The default input size, whose weights are also loaded if none were published for the given size. */
export const DEFAULT_SIZE = 224;

/** Checks the arguments and fills in defaults. @throws ValueError whenever Keras's function does. */
export function checkArguments(options: MobileNetV2Options): ModelArguments {
  checkOptions("MobileNetV2", options, {
    threads: true,
    inputShape: orNull(LIST),
    alpha: true,
    includeTop: orNull(FLAG),
    weights: true,
    inputTensor: true,
    pooling: true,
    classes: true,
    classifierActivation: true,
    name: true,
    weightsBaseUrl: TEXT,
    onProgress: FUNCTION,
    signal: SIGNAL,
  });
  const alpha = checkAlpha(options.alpha ?? 1);
  const includeTop = options.includeTop ?? true;
  const weights = options.weights === undefined ? "imagenet" : options.weights;
  const classes = options.classes ?? 1000;
  const pooling = checkPooling(options.pooling ?? null);
  const inputTensor = checkInputTensor(options.inputTensor ?? undefined, options.inputShape ?? undefined);
  if (!isBytesSource(weights)) {
    throw valueError(wrongWeights(weights));
  }
  if (weights === "imagenet" && includeTop && classes !== 1000) {
    throw valueError(
      'If using `weights="imagenet"` with `includeTop` as true, `classes` should be 1000. ' +
        `Received \`classes=${show(classes)}\``,
    );
  }
  if (!Number.isInteger(classes) || classes < 1) {
    throw valueError(`\`classes\` should be a whole number of 1 or more. Received \`classes=${show(classes)}\``);
  }
  const defaultSize = sizeIfPublished(options.inputShape ?? inputTensor?.shape.slice(1));
  const inputShape = obtainInputShape(options.inputShape ?? undefined, defaultSize, includeTop, weights === "imagenet");
  const [rows = null, cols = null] = inputShape;
  let weightRows = rows;
  if (weights === "imagenet") weightRows = imagenetRows(alpha, rows, cols);
  return {
    inputShape,
    alpha,
    includeTop,
    weights,
    inputTensor,
    pooling,
    classes,
    classifierActivation: checkClassifierActivation(options.classifierActivation, includeTop, weights),
    name: options.name ?? undefined,
    weightRows,
    threads: threadsOf(options),
  };
}

function checkAlpha(alpha: number): number {
  if (typeof alpha !== "number" || !Number.isFinite(alpha) || alpha <= 0) {
    throw valueError(`\`alpha\` should be a number above 0. Received \`alpha=${show(alpha)}\``);
  }
  return alpha;
}

function checkPooling(pooling: "avg" | "max" | null): "avg" | "max" | null {
  const known: readonly unknown[] = ["avg", "max", null];
  if (!known.includes(pooling)) {
    throw valueError(
      `The \`pooling\` argument should be either \`null\`, \`avg\` or \`max\`. Received \`pooling=${show(pooling)}\``,
    );
  }
  return pooling;
}

function checkInputTensor(
  inputTensor: KerasTensor | undefined,
  inputShape: Shape | undefined,
): KerasTensor | undefined {
  if (inputTensor === undefined) return undefined;
  if (!(inputTensor instanceof KerasTensor)) {
    throw valueError(`inputTensor is not a Keras tensor; Received \`inputTensor\` of type ${typeof inputTensor}`);
  }
  if (inputShape !== undefined && inputTensor.shape[2] !== inputShape[1]) {
    throw valueError(
      "inputTensor.shape[2] must equal inputShape[1]; " +
        `Received \`inputTensor.shape=${formatShape(inputTensor.shape)}\`, \`inputShape=${formatShape(inputShape)}\``,
    );
  }
  return inputTensor;
}

function isBytesSource(weights: unknown): boolean {
  if (weights === null) return true;
  if (typeof weights === "string") return weights !== "";
  return [URL, Uint8Array, ArrayBuffer, Blob].some((kind) => weights instanceof kind);
}

/** The size of a square shape, if weights were published for it, else 224. */
function sizeIfPublished(shape: Shape | undefined): number {
  const [rows = null, cols = null] = shape ?? [];
  return rows !== null && rows === cols && PUBLISHED_ROWS.includes(rows) ? rows : DEFAULT_SIZE;
}

/** The input shape, given or default (keras.src.applications.imagenet_utils.obtain_input_shape). */
function obtainInputShape(
  given: Shape | undefined,
  defaultSize: number,
  includeTop: boolean,
  imagenet: boolean,
): Shape {
  const channels = given?.length === 3 && !imagenet ? (given[2] ?? null) : 3;
  if (channels !== 1 && channels !== 3) {
    console.warn(
      "This model usually expects 1 or 3 input channels. " +
        `However, it was passed an inputShape with ${channels ?? "None"} input channels.`,
    );
  }
  const defaultShape = [defaultSize, defaultSize, channels];
  if (imagenet && includeTop) {
    if (given !== undefined && !shapesEqual(given, defaultShape)) {
      throw valueError(
        `When setting \`includeTop=true\` and loading \`imagenet\` weights, \`inputShape\` should be ${formatShape(defaultShape)}.  ` +
          `Received: inputShape=${formatShape(given)}`,
      );
    }
    return defaultShape;
  }
  const shape = given ?? (includeTop ? defaultShape : [null, null, 3]);
  if (shape.length !== 3) {
    throw valueError(`\`inputShape\` must be a tuple of three integers. Received: inputShape=${formatShape(shape)}`);
  }
  if (shape.some((axis) => axis !== null && (!Number.isInteger(axis) || axis < 1)) || shape[2] === null) {
    throw valueError(
      `\`inputShape\` must be [rows, cols, channels] in whole numbers; only rows and cols may be null. Received: inputShape=${formatShape(shape)}`,
    );
  }
  if (shape[2] !== 3 && imagenet) {
    throw valueError(`The input must have 3 channels; Received \`inputShape=${formatShape(shape)}\``);
  }
  if (shape.slice(0, 2).some((axis) => axis !== null && axis < LEAST_SIZE)) {
    throw valueError(
      `Input size must be at least ${LEAST_SIZE}x${LEAST_SIZE}; Received: inputShape=${formatShape(shape)}`,
    );
  }
  if (includeTop && shape.includes(null)) {
    throw valueError(
      `If \`includeTop\` is true, you should specify a static \`inputShape\`. Received: inputShape=${formatShape(shape)}`,
    );
  }
  return shape;
}

/** The input size of the ImageNet weights to load for an input of this size. */
function imagenetRows(alpha: number, rows: number | null, cols: number | null): number {
  if (!PUBLISHED_ALPHAS.includes(alpha)) {
    throw valueError(
      "If imagenet weights are being loaded, alpha must be one of `0.35`, `0.50`, `0.75`, `1.0`, `1.3` or `1.4` only; " +
        `Received \`alpha=${show(alpha)}\``,
    );
  }
  if (rows === null || rows !== cols || !PUBLISHED_ROWS.includes(rows)) {
    console.warn(
      "`inputShape` is undefined or non-square, or `rows` is not in [96, 128, 160, 192, 224]. " +
        "Weights for input shape (224, 224) will be loaded as the default.",
    );
    return DEFAULT_SIZE;
  }
  if (!isPublished(alpha, rows)) {
    throw valueError(
      `ImageNet weights for alpha=${show(alpha)} were published for input size 224 only; Received: rows=${show(rows)}. ` +
        "Use inputShape=(224, 224, 3), another alpha, or weights of your own.",
    );
  }
  return rows;
}

function checkClassifierActivation(
  given: string | null | undefined,
  includeTop: boolean,
  weights: BytesSource | null,
): ActivationName {
  const activation = activationName(given === undefined ? "softmax" : given);
  if (includeTop && weights !== null && activation !== "softmax" && activation !== "linear") {
    throw valueError(
      "Only `null` and `softmax` activations are allowed for the `classifierActivation` argument when using pretrained weights, " +
        `with \`includeTop=true\`; Received: classifierActivation=${show(given)}`,
    );
  }
  return activation;
}

/** Keras's message for an invalid `weights` argument. */
export function wrongWeights(weights: unknown): string {
  return (
    "The `weights` argument should be either `null` (random initialization), `imagenet` (pre-training on ImageNet), " +
    `or the path to the weights file to be loaded.  Received \`weights=${show(weights)}\``
  );
}
