/** What is typed about a training and decides its result: kept in its plan, and given to the transfer. */
import { valueError } from "../../core/errors.ts";
import { AUGMENTATION_NAMES, type AugmentationName, isAugmentationName } from "../../tasks/transfer/augmentations.ts";
import type { TransferSettings } from "../../tasks/transfer/settings.ts";

type Typed = "weights" | "fineTuneFrom" | "augment";

/** The settings as they are typed, as far as they are: `none` stands for none. */
export interface TrainSettings extends Omit<TransferSettings, Typed> {
  /** `imagenet`, `none`, or a checkpoint. */
  readonly weights?: string | undefined;
  /** The first block or layer that is fine-tuned, or `none`. */
  readonly fineTuneFrom?: string | undefined;
  /** Names with commas between, or `none`. */
  readonly augment?: string | undefined;
}

export const SETTINGS = [
  "alpha",
  "size",
  "weights",
  "pixels",
  "fromScratch",
  "validationSplit",
  "fineTuneFrom",
  "epochs",
  "learningRate",
  "batchSize",
  "dropout",
  "augment",
  "classWeights",
  "seed",
] as const satisfies readonly (keyof TrainSettings)[];

/** The same for the transfer. @throws ValueError for an augmentation that there is not. */
export function transferSettings({ weights, fineTuneFrom, augment, ...settings }: TrainSettings): TransferSettings {
  return {
    ...settings,
    weights: weights === "none" ? null : weights,
    fineTuneFrom: fineTuneFrom === "none" ? null : fineTuneFrom,
    augment: augment === undefined ? undefined : augmentNames(augment),
  };
}

/** The names in a list with commas; `none` is none. @throws ValueError for an unknown one. */
export function augmentNames(list: string): readonly AugmentationName[] {
  const names = list.split(",").map((name) => name.trim());
  if (names.join() === "none") return [];
  const unknown = names.find((name) => !isAugmentationName(name));
  if (unknown === undefined) return [...new Set(names.filter(isAugmentationName))];
  throw valueError(`There is no augmentation "${unknown}". There are ${AUGMENTATION_NAMES.join(", ")}; none for none.`);
}
