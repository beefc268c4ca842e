/** The schedule of a transfer: what learns for how many epochs, with which rate, by how many pictures there are (docs/training.md). */
import { FLAG, NUMBERS } from "../../core/kinds.ts";
import { type Names, checkAll } from "../../core/options.ts";
import { balancedClassWeight } from "../../training/data/class-weight.ts";
import type { AugmentationName } from "./augmentations.ts";
import { TRANSFER_DEFAULTS, type TransferSettings, checkTransferSettings, isFromScratch } from "./settings.ts";

/** The layers that a phase trains. */
export type PhaseName = "head" | "fine-tuning" | "all layers";

/** A phase of a transfer, which trains the same layers throughout. */
export interface TransferPhase {
  /** The name of the phase: the layers that it trains. */
  readonly name: PhaseName;
  /** The first block or layer of the base model to train; "" for all of them, undefined for none. */
  readonly from: string | undefined;
  /** The largest number of epochs; the phase ends earlier if the validation no longer improves. */
  readonly epochs: number;
  /** The number of batches in an epoch. */
  readonly stepsPerEpoch: number;
  /** The highest learning rate of Adam, reached after the warm-up; cosine decay then lowers it to 0. */
  readonly learningRate: number;
  /** The number of warm-up steps, in which the learning rate rises from 0; 0 for no warm-up. */
  readonly warmupSteps: number;
  /** The number of epochs without an improvement after which the phase ends; undefined without validation data. */
  readonly patience: number | undefined;
  /** The first epoch, from 0, that counts for the patience and as the best one. */
  readonly patientUntil: number;
  /** Whether the training pictures are augmented. */
  readonly augments: boolean;
}

/** The schedule of a transfer: its phases and their settings. */
export interface TransferSchedule {
  /** The number of pictures in a batch. */
  readonly batchSize: number;
  /** The fraction of each class to hold out for validation. */
  readonly validationSplit: number;
  readonly dropout: number;
  /** The augmentations, for phases that augment. */
  readonly augment: readonly AugmentationName[];
  /** The weight of the pictures of each class, for `fit`; undefined if all count the same. */
  readonly classWeight: Readonly<Record<number, number>> | undefined;
  readonly seed: number;
  /** The phases, one after the other. */
  readonly phases: readonly TransferPhase[];
}

const HEAD_RATE = 1e-3;
/** Shapes and digits are learned from scratch in a third of the steps that 1e-3 takes; 8e-3 is no faster. */
const FROM_SCRATCH_RATE = 4e-3;
/** The rate of fine-tuning as a part of the head's: large steps would destroy what was learned from ImageNet. */
const FINE_TUNING_PART = 0.1;
/** From this ratio of the largest class to the smallest on, `auto` weighs classes. */
const UNBALANCED = 1.5;
/** Weights that are far off at first are not moved too far at once. */
const WARMUP_EPOCHS = 1;
const WARMUP_EPOCHS_FROM_SCRATCH = 3;

/** The facts about the training pictures that the schedule depends on. */
export interface LearnedPictures {
  /** The number of training pictures of each class. */
  readonly counts: readonly number[];
  /** The class index of each training picture. */
  readonly labels: ArrayLike<number>;
  /** Whether there is validation data, so that a phase can end early. */
  readonly validates: boolean;
}

const LEARNED: Names<LearnedPictures> = { counts: NUMBERS, labels: NUMBERS, validates: FLAG };

/**
 * Makes the schedule of a transfer: first the head is trained, then also the last blocks; or all layers from scratch. Fewer pictures give
 * smaller batches and more epochs.
 *
 * @throws ValueError for invalid settings
 */
export function transferSchedule(settings: TransferSettings, learned: LearnedPictures): TransferSchedule {
  checkAll("transferSchedule()", learned, LEARNED);
  const { counts, labels, validates } = learned;
  checkTransferSettings(settings);
  const pictures = counts.reduce((sum, count) => sum + count, 0);
  const {
    epochs,
    fineTuneFrom = TRANSFER_DEFAULTS.fineTuneFrom,
    classWeights = TRANSFER_DEFAULTS.classWeights,
  } = settings;
  const augment = [...new Set(settings.augment ?? TRANSFER_DEFAULTS.augment)];
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
    more: Pick<TransferPhase, "from" | "learningRate" | "augments"> & {
      readonly patience: number;
      readonly warmup: number;
    },
  ): TransferPhase => {
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
    validationSplit: settings.validationSplit ?? TRANSFER_DEFAULTS.validationSplit,
    dropout: settings.dropout ?? TRANSFER_DEFAULTS.dropout,
    augment,
    classWeight:
      classWeights === "balanced" || (classWeights === "auto" && unbalanced) ? balancedClassWeight(labels) : undefined,
    seed: settings.seed ?? TRANSFER_DEFAULTS.seed,
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
          ...(fineTuneFrom === null
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
