/** The arguments of MobileNetV2, checked as keras.applications checks them, in its wording with our names. */
import { valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { type Shape, formatShape, shapesEqual } from "../core/shape.ts";
import { type ActivationName, activationName } from "../layers/activations/activations.ts";
import { KerasTensor } from "../layers/layer.ts";
import { type ThreadOptions, threadsOf } from "../models/threads.ts";
import type { BytesSource, Progress } from "../platform/contract.ts";
import { PUBLISHED_ALPHAS, PUBLISHED_ROWS, isPublished } from "./checkpoints.ts";

export interface MobileNetV2Options extends ThreadOptions {
  /**
   * [rows, cols, channels], rows and cols of 32 or more, or null where any size is to be taken at `predict` (only without the top).
   * Default [224, 224, 3] with the top or ImageNet weights, else [null, null, 3].
   */
  readonly inputShape?: Shape | null | undefined;
  /** The width multiplier: every layer has about alpha × the paper's channels. Default 1. */
  readonly alpha?: number | undefined;
  /** Whether the classifier is part of the model. Default true. */
  readonly includeTop?: boolean | undefined;
  /** `"imagenet"` (default), null for random weights, or a weights file: a path, a URL, its bytes, a Blob. */
  readonly weights?: BytesSource | null | undefined;
  /** A symbolic tensor to use as the image input, to share it between models. */
  readonly inputTensor?: KerasTensor | null | undefined;
  /** Without the top: null (default) for the last feature map, `"avg"` or `"max"` for a vector. */
  readonly pooling?: "avg" | "max" | null | undefined;
  /** The number of classes of the top. Default 1000. */
  readonly classes?: number | undefined;
  /** The activation of the top; null for logits. Default `"softmax"`. */
  readonly classifierActivation?: string | null | undefined;
  readonly name?: string | null | undefined;
  /**
   * The address of a folder with the ImageNet weights under Keras's file names. Default: the environment variable
   * MOBILENETV2_WEIGHTS_URL, else Keras's own address. In a page: your own copy, since that address may refuse other origins.
   */
  readonly weightsBaseUrl?: string | undefined;
  /** How far the reading of the weights is; where they are in the cache it is not called. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the loading of weights: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

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
  /** The rows of the weights to load; also what the model is named after, as in Keras. */
  readonly weightRows: number | null;
}

const LEAST_SIZE = 32;
/** The size of the first published models, and of weights where no other fits. */
export const DEFAULT_SIZE = 224;

/** All arguments with their defaults. @throws ValueError in every case of Keras's function. */
export function checkArguments(options: MobileNetV2Options): ModelArguments {
  checkOptions("MobileNetV2", options, {
    threads: true,
    inputShape: true,
    alpha: true,
    includeTop: true,
    weights: true,
    inputTensor: true,
    pooling: true,
    classes: true,
    classifierActivation: true,
    name: true,
    weightsBaseUrl: true,
    onProgress: true,
    signal: true,
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
        `Received \`classes=${classes}\``,
    );
  }
  if (!Number.isInteger(classes) || classes < 1) {
    throw valueError(`\`classes\` should be a whole number of 1 or more. Received \`classes=${classes}\``);
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
    throw valueError(`\`alpha\` should be a number above 0. Received \`alpha=${String(alpha)}\``);
  }
  return alpha;
}

function checkPooling(pooling: "avg" | "max" | null): "avg" | "max" | null {
  const known: readonly unknown[] = ["avg", "max", null];
  if (!known.includes(pooling)) {
    throw valueError(
      `The \`pooling\` argument should be either \`null\`, \`avg\` or \`max\`. Received \`pooling=${String(pooling)}\``,
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

/** The size of a square shape for which weights were published, else 224. */
function sizeIfPublished(shape: Shape | undefined): number {
  const [rows = null, cols = null] = shape ?? [];
  return rows !== null && rows === cols && PUBLISHED_ROWS.includes(rows) ? rows : DEFAULT_SIZE;
}

/** keras.src.applications.imagenet_utils.obtain_input_shape. */
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

/** The rows of the ImageNet weights to load for an input of this size. */
function imagenetRows(alpha: number, rows: number | null, cols: number | null): number {
  if (!PUBLISHED_ALPHAS.includes(alpha)) {
    throw valueError(
      "If imagenet weights are being loaded, alpha must be one of `0.35`, `0.50`, `0.75`, `1.0`, `1.3` or `1.4` only; " +
        `Received \`alpha=${alpha}\``,
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
      `ImageNet weights for alpha=${alpha} were published for input size 224 only; Received: rows=${rows}. ` +
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
        `with \`includeTop=true\`; Received: classifierActivation=${given}`,
    );
  }
  return activation;
}

/** Keras's message for a `weights` argument that is none. */
export function wrongWeights(weights: unknown): string {
  return (
    "The `weights` argument should be either `null` (random initialization), `imagenet` (pre-training on ImageNet), " +
    `or the path to the weights file to be loaded.  Received \`weights=${String(weights)}\``
  );
}
