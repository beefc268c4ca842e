/** The model that `train` trains: a MobileNetV2 without its top, and a head for the user's classes. */
import {
  type AnyModel,
  BatchNormalization,
  type CheckpointFile,
  Dense,
  Dropout,
  GlobalAveragePooling2D,
  GlorotUniform,
  Input,
  MobileNetV2,
  MobileNetV2Error,
  Model,
  QuantizedModel,
  Rescaling,
  Sequential,
  type Weight,
  setBatchNormMomentum,
} from "../index.ts";
import type { Loading } from "./terminal/download-bar.ts";
import { namedError } from "./named-error.ts";
import { type OpenedModel, checkpointAt, openModel, recognizedIn } from "./opened-model.ts";
import { type TrainSettings, isFromScratch } from "./train-recipe.ts";

/** The MobileNetV2 that it begins with, without its top. */
export interface Base {
  readonly base: Model;
  readonly alpha: number;
  /** What its weights are from, in words. */
  readonly weights: string;
}

export interface BaseOptions {
  readonly settings: TrainSettings;
  readonly size: number;
  readonly seed: number;
  readonly threads: number | undefined;
}

export interface HeadOptions extends BaseOptions {
  /** Of the model. */
  readonly name: string;
  readonly dropout: number;
  readonly classNames: readonly string[];
}

/**
 * The model of a base and a new head. Takes pixels of 0 to 255, as real Keras loads pictures: the scaling to -1 … 1 is a layer of it, and
 * its file says so to our own commands.
 */
export function withHead({ base }: Base, options: HeadOptions): Model {
  const { name, settings, size, dropout, seed, classNames, threads } = options;
  const inputs = Input({ shape: [size, size, 3], name: "pixels" });
  let x = new Rescaling({ scale: 1 / 127.5, offset: -1, name: "rescaling" }).apply(inputs);
  // Else normalization stays as ImageNet made it, here and wherever the model is trained further.
  x = isFromScratch(settings) ? base.apply(x) : base.apply(x, { training: false });
  x = new GlobalAveragePooling2D({ name: "average" }).apply(x);
  if (dropout > 0) x = new Dropout({ rate: dropout, name: "dropout" }).apply(x);
  const head = new Dense({
    units: classNames.length,
    activation: "softmax",
    kernelInitializer: new GlorotUniform({ seed }),
    name: "predictions",
  });
  const model = new Model({ inputs, outputs: head.apply(x), name, threads });
  model.classNames = classNames;
  model.preprocessing = { scale: 1, offset: 0 };
  return model;
}

/** @throws ValueError where options and weights do not fit one another; what the loading of weights throws. */
export async function loadBase({ settings, size, seed, threads }: BaseOptions, loading: Loading): Promise<Base> {
  const { weights = "imagenet" } = settings;
  const inputShape = [size, size, 3];
  const isRandom = weights === "none" || (settings.fromScratch === true && settings.weights === undefined);
  if (isRandom || weights === "imagenet") {
    const { alpha = 1 } = settings;
    const base = await MobileNetV2({
      alpha,
      inputShape,
      includeTop: false,
      weights: isRandom ? null : weights,
      threads,
      ...loading,
    });
    if (isRandom) drawWeights(base, seed);
    if (isFromScratch(settings)) setBatchNormMomentum(base, QUICK_MOMENTUM);
    return { base, alpha, weights: isRandom ? "random" : "ImageNet" };
  }
  try {
    const file = await checkpointAt(weights, loading);
    const alpha = alphaOf(file, settings.alpha);
    const base = await MobileNetV2({ alpha, inputShape, includeTop: false, weights: null, threads });
    takeWeights(base, await openModel(file, { size }));
    if (isFromScratch(settings)) setBatchNormMomentum(base, QUICK_MOMENTUM);
    return { base, alpha, weights };
  } catch (error) {
    throw namedError(error, weights);
  }
}

/** @throws ValueError where the file is of no MobileNetV2, or of another than the option says. */
function alphaOf(file: CheckpointFile, asked: number | undefined): number {
  const alpha = recognizedIn(file)?.alpha;
  if (alpha === undefined) throw new MobileNetV2Error("ValueError", "It is not a MobileNetV2.");
  if (asked !== undefined && asked !== alpha) {
    throw new MobileNetV2Error("ValueError", `It is of alpha ${alpha}. Received: --alpha ${asked}`);
  }
  return alpha;
}

/** By the names of layers, whatever is around them in the other model. */
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
        throw new MobileNetV2Error(
          "ValueError",
          `It has no weight ${layer.name}/${weight.name}: its layers have other names.`,
        );
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

/**
 * Sets what learns: the head alone, the base from a layer on, or ("") all of it. BatchNormalization learns only in the last case: with
 * statistics of other pictures than those it was made for, and of few, what the convolutions know would be lost.
 */
export function setLearning(base: Model, from: string | undefined): void {
  base.trainable = from !== undefined;
  if (from === undefined || from === "") return;
  const first = firstLayer(base, from);
  for (const [i, layer] of base.layers.entries()) {
    layer.trainable = i >= first && !(layer instanceof BatchNormalization);
  }
}

/** The place of a layer, or of a block's first. @throws ValueError where there is none. */
export function firstLayer(base: Model, from: string): number {
  const first = base.layers.findIndex(({ name }) => name === from || name.startsWith(`${from}_`));
  if (first >= 0) return first;
  throw new MobileNetV2Error(
    "ValueError",
    `The model has no layer or block ${from}. Its blocks are block_1 to block_16; Conv_1 comes after them (see: mobilenet-v2 summary --no-top).`,
  );
}
