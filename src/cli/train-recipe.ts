/** The recipe of `train`: what is done for how many epochs, with which rate, by how many pictures there are (docs/training.md). */
import { MobileNetV2Error } from "../index.ts";
import {
  type Augmentation,
  balancedClassWeight,
  randomBrightness,
  randomContrast,
  randomFlip,
  randomResizedCrop,
  randomRotation,
  randomZoom,
} from "../public/data.ts";

/** What decides the result, as far as the user said it: the same settings and pictures, the same weights. */
export interface TrainSettings {
  readonly alpha?: number | undefined;
  readonly size?: number | undefined;
  /** `imagenet`, `none`, or a checkpoint. */
  readonly weights?: string | undefined;
  readonly fromScratch?: boolean | undefined;
  readonly validationSplit?: number | undefined;
  /** The first block or layer that is fine-tuned; `none`: only the head learns. */
  readonly fineTuneFrom?: string | undefined;
  readonly epochs?: number | undefined;
  readonly learningRate?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly dropout?: number | undefined;
  readonly augment?: string | undefined;
  readonly classWeights?: "auto" | "balanced" | "none" | undefined;
  readonly seed?: number | undefined;
}

export const DEFAULTS = {
  size: 224,
  validationSplit: 0.2,
  fineTuneFrom: "block_14",
  dropout: 0.2,
  augment: "flip,rotation,crop",
  classWeights: "auto",
  seed: 1,
} as const;

export type PhaseName = "head" | "fine-tuning" | "all layers";

export interface PhaseRecipe {
  readonly name: PhaseName;
  /** The first layer of the base that learns; undefined where none does. */
  readonly from: string | undefined;
  /** At most: it ends when the validation no longer gets better. */
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** The highest rate of Adam: reached after the warm-up, then down to 0 by half a cosine wave. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Epochs without a better validation that are waited for; undefined where there is none to wait for. */
  readonly patience: number | undefined;
  /** The epochs before this one, from 0, do not count: neither for the patience nor as the best. */
  readonly patientUntil: number;
  readonly augments: boolean;
}

export interface Recipe {
  readonly batchSize: number;
  readonly validationSplit: number;
  readonly dropout: number;
  readonly augment: readonly string[];
  /** How much a picture of each class counts; undefined where all count the same. */
  readonly classWeight: Readonly<Record<number, number>> | undefined;
  readonly seed: number;
  readonly phases: readonly PhaseRecipe[];
}

const HEAD_RATE = 1e-3;
/** Shapes and digits are learned from scratch in a third of the steps that 1e-3 takes; 8e-3 is no faster. */
const FROM_SCRATCH_RATE = 4e-3;
/** What the rate of fine-tuning is of the head's: large steps would destroy what was learned from ImageNet. */
const FINE_TUNING_PART = 0.1;
/** From this ratio of the largest class to the smallest on, `auto` weighs classes. */
const UNBALANCED = 1.5;
/** Weights that are far off at first are not moved too far at once. */
const WARMUP_EPOCHS = 1;
const WARMUP_EPOCHS_FROM_SCRATCH = 3;

/** @param counts the pictures of each class that are learned from */
export function recipeFor(
  settings: TrainSettings,
  counts: readonly number[],
  labels: ArrayLike<number>,
  validates: boolean,
): Recipe {
  const pictures = counts.reduce((sum, count) => sum + count, 0);
  const { epochs, fineTuneFrom = DEFAULTS.fineTuneFrom, classWeights = DEFAULTS.classWeights } = settings;
  const augment = augmentNames(settings.augment ?? DEFAULTS.augment);
  const fromScratch = isFromScratch(settings);
  const { learningRate = fromScratch ? FROM_SCRATCH_RATE : HEAD_RATE } = settings;
  // Normalization by the batch needs a batch that is like others.
  const batchSize = settings.batchSize ?? (pictures >= 640 ? 32 : pictures >= 160 || fromScratch ? 16 : 8);
  const stepsPerEpoch = Math.max(1, Math.ceil(pictures / batchSize));
  // Small sets need more epochs for as many steps.
  const epochsOf = (steps: number, least: number, most: number): number =>
    epochs ?? Math.min(most, Math.max(least, Math.ceil(steps / stepsPerEpoch)));
  const patienceOf = (all: number, least: number): number | undefined =>
    validates ? Math.max(least, Math.ceil(all / 4)) : undefined;
  const phase = (
    name: PhaseName,
    all: number,
    more: Pick<PhaseRecipe, "from" | "learningRate" | "augments"> & {
      readonly patience: number;
      readonly warmup: number;
    },
  ): PhaseRecipe => {
    const { from, augments, learningRate: rate, patience, warmup } = more;
    return {
      name,
      from,
      epochs: all,
      stepsPerEpoch,
      learningRate: rate,
      warmupSteps: Math.min(warmup * stepsPerEpoch, Math.floor((all * stepsPerEpoch) / 5)),
      patience: patienceOf(all, patience),
      // From scratch the validation may get worse for long before it gets better.
      patientUntil: from === "" ? Math.floor(all / 2) : 0,
      augments: augments && augment.length > 0,
    };
  };
  const unbalanced = Math.max(...counts) >= UNBALANCED * Math.min(...counts);
  return {
    batchSize,
    validationSplit: settings.validationSplit ?? DEFAULTS.validationSplit,
    dropout: settings.dropout ?? DEFAULTS.dropout,
    augment,
    classWeight:
      classWeights === "balanced" || (classWeights === "auto" && unbalanced) ? balancedClassWeight(labels) : undefined,
    seed: settings.seed ?? DEFAULTS.seed,
    phases: fromScratch
      ? [
          phase("all layers", epochsOf(6000, 20, 200), {
            from: "",
            learningRate,
            augments: true,
            patience: 10,
            warmup: WARMUP_EPOCHS_FROM_SCRATCH,
          }),
        ]
      : [
          phase("head", epochsOf(1500, 10, 60), {
            from: undefined,
            learningRate,
            augments: false,
            patience: 8,
            warmup: 0,
          }),
          ...(fineTuneFrom === "none"
            ? []
            : [
                phase("fine-tuning", epochsOf(600, 5, 30), {
                  from: fineTuneFrom,
                  learningRate: learningRate * FINE_TUNING_PART,
                  augments: true,
                  patience: 5,
                  warmup: WARMUP_EPOCHS,
                }),
              ]),
        ],
  };
}

/** Whether all layers learn from the beginning. */
export function isFromScratch({ fromScratch, weights }: TrainSettings): boolean {
  return fromScratch === true || weights === "none";
}

const AUGMENTATIONS: Readonly<Record<string, (size: number) => Augmentation>> = {
  flip: () => randomFlip("horizontal"),
  rotation: () => randomRotation(0.03),
  zoom: () => randomZoom(0.1),
  crop: (size) => randomResizedCrop(size, size, { scale: [0.7, 1], ratio: [0.85, 1.18] }),
  brightness: () => randomBrightness(0.1),
  contrast: () => randomContrast(0.1),
};

export const AUGMENTATION_NAMES: readonly string[] = Object.keys(AUGMENTATIONS);

/** The names in a list with commas; `none` is none. @throws ValueError for an unknown one. */
export function augmentNames(list: string): readonly string[] {
  const names = list.split(",").map((name) => name.trim());
  if (names.join() === "none") return [];
  const unknown = names.find((name) => !Object.hasOwn(AUGMENTATIONS, name));
  if (unknown === undefined) return [...new Set(names)];
  throw new MobileNetV2Error(
    "ValueError",
    `There is no augmentation "${unknown}". There are ${AUGMENTATION_NAMES.join(", ")}; none for none.`,
  );
}

export function augmentationsOf(names: readonly string[], size: number): readonly Augmentation[] {
  return names.flatMap((name) => AUGMENTATIONS[name]?.(size) ?? []);
}
