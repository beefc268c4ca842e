/** The base of a transfer: a MobileNetV2 without its top, with the weights that it begins with. */
import { MobileNetV2 } from "../../applications/mobilenet-v2.ts";
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import { FLAG, FUNCTION, NUMBER, PIXELS, SCALING, SIGNAL, whole } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { GlorotUniform } from "../../layers/initializers/random-initializers.ts";
import type { Weight } from "../../layers/weight.ts";
import { type CheckpointFile, readCheckpoint } from "../../models/files/load-model.ts";
import type { AnyModel } from "../../models/files/model-from-description.ts";
import { Model } from "../../models/model.ts";
import { QuantizedModel } from "../../models/quantized/quantized-model.ts";
import { Sequential } from "../../models/sequential.ts";
import type { ThreadOptions } from "../../models/threads.ts";
import { refuseUnread } from "../../saving/unread.ts";
import { setBatchNormMomentum } from "../../training/batch-norm/momentum.ts";
import type { Preprocessing } from "../../saving/checkpoint.ts";
import { scalingInside } from "../../saving/pixels-inside.ts";
import { nameOf, namedError, option, optionError } from "../errors.ts";
import { type LoadingOptions, type OpenedModel, modelOfCheckpoint, recognizedIn } from "../opened-model.ts";
import { KERAS_PIXELS, scalingOf } from "../pixels.ts";
import { TRANSFER_DEFAULTS, type TransferSettings, isFromScratch } from "./settings.ts";
import { checkPublished } from "../published.ts";

/** The base model of a transfer: a MobileNetV2 without its top. */
export interface TransferBase {
  /** The model. */
  readonly base: Model;
  /** The width multiplier. */
  readonly alpha: number;
  /** The scaling of pixels that the base model takes. */
  readonly preprocessing: Preprocessing;
  /** The source of the weights: `ImageNet`, `random`, the path or URL of a checkpoint, or `bytes`. */
  readonly weights: string;
}

/** The options of `loadBase`. */
export interface LoadBaseOptions
  extends
    Pick<TransferSettings, "alpha" | "size" | "weights" | "pixels" | "fromScratch" | "seed">,
    ThreadOptions,
    LoadingOptions {}

/**
 * Loads the base model of a transfer.
 *
 * @throws ValueError if the checkpoint is of no MobileNetV2, or of another `alpha`; UnsupportedError if it is of integers; what loading
 *   weights throws.
 */
export async function loadBase(options: LoadBaseOptions = {}): Promise<TransferBase> {
  checkOptions("loadBase()", options, {
    alpha: NUMBER,
    size: PIXELS,
    weights: true,
    pixels: SCALING,
    fromScratch: FLAG,
    seed: whole(-Number.MAX_SAFE_INTEGER),
    threads: true,
    signal: SIGNAL,
    onProgress: FUNCTION,
  });
  const { weights = "imagenet", size = TRANSFER_DEFAULTS.size, seed = TRANSFER_DEFAULTS.seed, threads } = options;
  const scaling = options.pixels === undefined ? undefined : scalingOf(options.pixels);
  const loading = { signal: options.signal, onProgress: options.onProgress };
  const inputShape = [size, size, 3];
  const isRandom = weights === null || (options.fromScratch === true && options.weights === undefined);
  if (isRandom || weights === "imagenet") {
    const { alpha = 1 } = options;
    if (!isRandom) checkPublished(alpha);
    const base = await MobileNetV2({
      alpha,
      inputShape,
      includeTop: false,
      weights: isRandom ? null : "imagenet",
      threads,
      ...loading,
    });
    if (isRandom) drawWeights(base, seed);
    if (isFromScratch(options)) setBatchNormMomentum(base, QUICK_MOMENTUM);
    return { base, alpha, preprocessing: scaling ?? KERAS_PIXELS, weights: isRandom ? "random" : "ImageNet" };
  }
  try {
    const file = await readCheckpoint(weights, loading);
    refuseUnread(file);
    const alpha = alphaOf(file, options.alpha);
    const base = await MobileNetV2({ alpha, inputShape, includeTop: false, weights: null, threads });
    takeWeights(base, await modelOfCheckpoint(file, { size }));
    if (isFromScratch(options)) setBatchNormMomentum(base, QUICK_MOMENTUM);
    // What a model with a head scales itself, the new head scales too.
    const inside = file.model && scalingInside(file.model);
    const preprocessing = scaling ?? inside ?? file.preprocessing ?? KERAS_PIXELS;
    return { base, alpha, preprocessing, weights: nameOf(weights) ?? "bytes" };
  } catch (error) {
    throw namedError(error, nameOf(weights));
  }
}

/** @throws ValueError if the file is of no MobileNetV2, or of another than the option says. */
function alphaOf(file: CheckpointFile, asked: number | undefined): number {
  const alpha = recognizedIn(file)?.alpha;
  if (alpha === undefined) throw valueError("It is not a MobileNetV2.");
  if (asked !== undefined && asked !== alpha) {
    throw optionError`It is of alpha ${alpha}. Received: ${option("alpha", asked)}`;
  }
  return alpha;
}

/** Takes the weights of layers with the same names, whatever is around them in the other model. */
function takeWeights(base: Model, other: OpenedModel): void {
  if (other instanceof QuantizedModel) {
    throw new MobileNetV2Error(
      "UnsupportedError",
      "It is quantized: integers cannot be trained. Give the model that it was made of.",
    );
  }
  const known = new Map(weightsIn(other));
  for (const layer of base.layers) {
    for (const weight of layer.weights) {
      const found = known.get(`${layer.name}/${weight.name}`);
      if (found === undefined) {
        throw valueError(`It has no weight ${layer.name}/${weight.name}: its layers have other names.`);
      }
      weight.assign(found.values, found.shape);
    }
  }
}

/** Those of models within, too. */
function weightsIn(model: AnyModel): readonly (readonly [name: string, weight: Weight])[] {
  return model.layers.flatMap((layer) =>
    layer instanceof Model || layer instanceof Sequential
      ? weightsIn(layer)
      : layer.weights.map((weight) => [`${layer.name}/${weight.name}`, weight] as const),
  );
}

/** First values by the seed: Keras's for these layers, Glorot's uniform ones, another stream for each. */
function drawWeights(base: Model, seed: number): void {
  for (const [i, layer] of base.layers.entries()) {
    for (const weight of layer.weights) {
      if (!weight.name.endsWith("kernel")) continue;
      weight.assign(new GlorotUniform({ seed: seed * 1000 + i }).initialize(weight.shape));
    }
  }
}

/**
 * Moving averages that follow in tens of steps. Keras's MobileNetV2 has a momentum of 0.999: after a short training from scratch they are
 * still mostly what they began with, and the model, which was right in training, validates as if it knew nothing.
 */
const QUICK_MOMENTUM = 0.9;
