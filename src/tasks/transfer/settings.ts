/** What decides the result of a transfer to one's own classes: the same settings and pictures, the same weights. */
import { show, valueError } from "../../core/errors.ts";
import { FLAG, LIST, NUMBER, PIXELS, SCALING, SOURCE, TEXT, between, oneOf, orNull, whole } from "../../core/kinds.ts";
import { type Names, checkOptions } from "../../core/options.ts";
import type { FilesSource } from "../../platform/contract.ts";
import { option, optionError } from "../errors.ts";
import type { Pixels } from "../pixels.ts";
import { AUGMENTATION_NAMES, type AugmentationName, isAugmentationName } from "./augmentations.ts";

/** The settings of a transfer, for `transferSchedule`, `loadBase` and `withHead`. */
export interface TransferSettings {
  /** The width multiplier of the base model. Default: that of the weights; 1 for ImageNet weights. */
  readonly alpha?: number | undefined;
  /** The height and width of pictures, in pixels. Default: 224. */
  readonly size?: number | undefined;
  /**
   * The initial weights of the base model: `"imagenet"`, a checkpoint of a MobileNetV2, or null for random weights. Default: `"imagenet"`, or null with
   * `fromScratch`.
   */
  readonly weights?: FilesSource | null | undefined;
  /** The scaling of pixels that the weights were trained with. Default: what the checkpoint says, else to [-1, 1]. */
  readonly pixels?: Pixels | undefined;
  /** Whether to train all layers from the start, BatchNormalization in training mode. Default: true if `weights` is null, else false. */
  readonly fromScratch?: boolean | undefined;
  /** The fraction of each class to hold out for validation, from 0 to below 1. Default: 0.2. */
  readonly validationSplit?: number | undefined;
  /** The first block or layer of the base model to fine-tune; null trains only the head. Default: `"block_14"`. */
  readonly fineTuneFrom?: string | null | undefined;
  /** The largest number of epochs of each phase. Default: chosen by the number of pictures. */
  readonly epochs?: number | undefined;
  /** The highest learning rate; fine-tuning has a tenth of it. Default: 0.001, or 0.004 from scratch. */
  readonly learningRate?: number | undefined;
  /** The number of pictures in a batch. Default: 8, 16 or 32, by the number of pictures. */
  readonly batchSize?: number | undefined;
  /** The dropout rate of the head, from 0 to below 1. Default: 0.2. */
  readonly dropout?: number | undefined;
  /** The augmentations of the training pictures. Default: `["flip", "rotation", "crop"]`. */
  readonly augment?: readonly AugmentationName[] | undefined;
  /**
   * The class weights: `"balanced"` makes every class count the same, `"none"` every picture; `"auto"` is `"balanced"` if the largest class has
   * at least 1.5 times the pictures of the smallest. Default: `"auto"`.
   */
  readonly classWeights?: "auto" | "balanced" | "none" | undefined;
  /** The seed of everything that is random. Default: 1. */
  readonly seed?: number | undefined;
}

export const TRANSFER_DEFAULTS = {
  size: 224,
  validationSplit: 0.2,
  fineTuneFrom: "block_14",
  dropout: 0.2,
  augment: ["flip", "rotation", "crop"],
  classWeights: "auto",
  seed: 1,
} as const;

const SETTINGS: Names<TransferSettings> = {
  alpha: NUMBER,
  size: PIXELS,
  weights: orNull(SOURCE),
  pixels: SCALING,
  fromScratch: FLAG,
  validationSplit: between(0, 1),
  fineTuneFrom: orNull(TEXT),
  epochs: whole(1),
  learningRate: NUMBER,
  batchSize: whole(1),
  dropout: between(0, 1),
  augment: LIST,
  classWeights: oneOf(["auto", "balanced", "none"]),
  seed: NUMBER,
};

/** @throws ValueError for what is wrong whatever the pictures are. */
export function checkTransferSettings(settings: TransferSettings): void {
  checkOptions("a transfer", settings, SETTINGS);
  const names: readonly string[] = settings.augment ?? [];
  const unknown = Array.from(names).find((name) => !isAugmentationName(name));
  if (unknown !== undefined) {
    throw valueError(`There is no augmentation "${show(unknown)}". There are ${AUGMENTATION_NAMES.join(", ")}.`);
  }
  if (isFromScratch(settings) && settings.fineTuneFrom !== undefined) {
    throw optionError`${option("fromScratch", true)} (or ${option("weights", null)}) trains all layers: ${option("fineTuneFrom")} does not go with it.`;
  }
}

/** Whether all layers learn from the beginning. */
export function isFromScratch({ fromScratch, weights }: TransferSettings): boolean {
  return fromScratch === true || weights === null;
}
