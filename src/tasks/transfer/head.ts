/** The model of a transfer: a base and a new head for the user's classes, and which of its layers learn. */
import { valueError } from "../../core/errors.ts";
import {
  FLAG,
  OBJECT,
  PIXELS,
  SOURCE,
  TEXT,
  TEXTS,
  between,
  check,
  instanceOf,
  orNull,
  whole,
} from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { Dense } from "../../layers/core/dense.ts";
import { Input } from "../../layers/core/input-layer.ts";
import { GlorotUniform } from "../../layers/initializers/random-initializers.ts";
import { BatchNormalization } from "../../layers/normalization/batch-normalization.ts";
import { GlobalAveragePooling2D } from "../../layers/pooling/global-average-pooling2d.ts";
import { Rescaling } from "../../layers/preprocessing/rescaling.ts";
import { Dropout } from "../../layers/regularization/dropout.ts";
import { Model } from "../../models/model.ts";
import type { ThreadOptions } from "../../models/threads.ts";
import type { TransferBase } from "./base.ts";
import { TRANSFER_DEFAULTS, type TransferSettings, isFromScratch } from "./settings.ts";

const A_MODEL = instanceOf("a Model", Model);

/** The options of `withHead`. */
export interface HeadOptions
  extends Pick<TransferSettings, "size" | "dropout" | "seed" | "weights" | "fromScratch">, ThreadOptions {
  /** The names of the classes, in the order of the model's outputs. */
  readonly classNames: readonly string[];
  /** The name of the model. Default: as Keras names models. */
  readonly name?: string | undefined;
}

/**
 * Builds a model of the base and a new head: Rescaling, base, global average pooling, Dropout, and Dense with softmax over the classes. It
 * takes pixels from 0 to 255, as Keras loads pictures: a layer scales them as the base takes them, and `model.preprocessing` says so.
 */
export function withHead(from: TransferBase, options: HeadOptions): Model {
  check("withHead()", "base", from, OBJECT);
  const { base, preprocessing } = from;
  check("withHead()", "base", base, A_MODEL);
  checkOptions("withHead()", options, {
    size: PIXELS,
    dropout: between(0, 1),
    seed: whole(-Number.MAX_SAFE_INTEGER),
    weights: orNull(SOURCE),
    fromScratch: FLAG,
    threads: true,
    classNames: TEXTS,
    name: TEXT,
  });
  check("withHead()", "classNames", options.classNames, TEXTS);
  const { name, classNames, threads } = options;
  const { size = TRANSFER_DEFAULTS.size, dropout = TRANSFER_DEFAULTS.dropout, seed = TRANSFER_DEFAULTS.seed } = options;
  const inputs = Input({ shape: [size, size, 3], name: "pixels" });
  let x = new Rescaling({ ...preprocessing, name: "rescaling" }).apply(inputs);
  // Else normalization stays as ImageNet made it, here and wherever the model is trained further.
  x = isFromScratch(options) ? base.apply(x) : base.apply(x, { training: false });
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

/**
 * Sets what learns beside the head: nothing of the base (`from` is undefined), the base from a block or layer on, or all of it ("").
 * BatchNormalization learns only in the last case: with statistics of a few other pictures than those it was made for, what the convolutions
 * know would be lost.
 */
export function setLearning(base: Model, from: string | undefined): void {
  base.trainable = from !== undefined;
  if (from === undefined || from === "") return;
  const first = firstLayer(base, from);
  for (const [i, layer] of base.layers.entries()) {
    layer.trainable = i >= first && !(layer instanceof BatchNormalization);
  }
}

/** The place of a layer, or of the first one of a block. @throws ValueError if there is none of that name. */
export function firstLayer(base: Model, from: string): number {
  const first = base.layers.findIndex(({ name }) => name === from || name.startsWith(`${from}_`));
  if (first >= 0) return first;
  throw valueError(
    `The model has no layer or block ${from}. Its blocks are block_1 to block_16; Conv_1 comes after them.`,
  );
}
