/** What decides the result of a transfer to one's own classes: the same settings and pictures, the same weights. */
import { valueError } from "../../core/errors.ts";
import { type Names, checkOptions } from "../../core/options.ts";
import type { FilesSource } from "../../platform/contract.ts";
import { option, optionError } from "../errors.ts";
import { AUGMENTATION_NAMES, type AugmentationName, isAugmentationName } from "./augmentations.ts";

export interface TransferSettings {
  /** The width multiplier of the base. Default: that of the weights; 1 for ImageNet's. */
  readonly alpha?: number | undefined;
  /** The rows and columns of pictures. Default: 224. */
  readonly size?: number | undefined;
  /**
   * What the base begins with: `"imagenet"`, a checkpoint of a MobileNetV2, or null for random weights. Default: `"imagenet"`, or null with
   * `fromScratch`.
   */
  readonly weights?: FilesSource | null | undefined;
  /** Whether all layers learn from the beginning, with the base's normalization in training. Default: whether `weights` is null. */
  readonly fromScratch?: boolean | undefined;
  /** The part of each class that is held out, from 0 to below 1. Default: 0.2. */
  readonly validationSplit?: number | undefined;
  /** The first block or layer of the base that is fine-tuned; null if only the head learns. Default: `"block_14"`. */
  readonly fineTuneFrom?: string | null | undefined;
  /** The most epochs of each phase. Default: by the number of pictures. */
  readonly epochs?: number | undefined;
  /** The highest rate of the head, or of all layers from scratch; fine-tuning has a tenth. Default: 0.001, from scratch 0.004. */
  readonly learningRate?: number | undefined;
  /** The number of pictures in a batch. Default: 8, 16 or 32, by the number of pictures. */
  readonly batchSize?: number | undefined;
  /** The part of the features that the head does not see in a step, from 0 to below 1. Default: 0.2. */
  readonly dropout?: number | undefined;
  /** How pictures are changed at random. Default: `["flip", "rotation", "crop"]`. */
  readonly augment?: readonly AugmentationName[] | undefined;
  /**
   * Whether each class counts as much as any other, however many pictures it has: `"balanced"` for yes, `"none"` for no, `"auto"` for yes if
   * the largest has half as many again as the smallest. Default: `"auto"`.
   */
  readonly classWeights?: "auto" | "balanced" | "none" | undefined;
  /** What is drawn at random depends on it alone. Default: 1. */
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
  alpha: true,
  size: true,
  weights: true,
  fromScratch: true,
  validationSplit: true,
  fineTuneFrom: true,
  epochs: true,
  learningRate: true,
  batchSize: true,
  dropout: true,
  augment: true,
  classWeights: true,
  seed: true,
};

/** @throws ValueError for what is wrong whatever the pictures are. */
export function checkTransferSettings(settings: TransferSettings): void {
  checkOptions("a transfer", settings, SETTINGS);
  const names: readonly string[] = settings.augment ?? [];
  const unknown = names.find((name) => !isAugmentationName(name));
  if (unknown !== undefined) {
    throw valueError(`There is no augmentation "${unknown}". There are ${AUGMENTATION_NAMES.join(", ")}.`);
  }
  if (isFromScratch(settings) && settings.fineTuneFrom !== undefined) {
    throw optionError`${option("fromScratch", true)} (or ${option("weights", null)}) trains all layers: ${option("fineTuneFrom")} does not go with it.`;
  }
}

/** Whether all layers learn from the beginning. */
export function isFromScratch({ fromScratch, weights }: TransferSettings): boolean {
  return fromScratch === true || weights === null;
}
