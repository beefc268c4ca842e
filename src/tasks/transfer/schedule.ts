/** The schedule of a transfer: what learns for how many epochs, with which rate, by how many pictures there are (docs/training.md). */
import { balancedClassWeight } from "../../training/data/class-weight.ts";
import type { AugmentationName } from "./augmentations.ts";
import { TRANSFER_DEFAULTS, type TransferSettings, checkTransferSettings, isFromScratch } from "./settings.ts";

/** What learns in a phase. */
export type PhaseName = "head" | "fine-tuning" | "all layers";

/** A part of a transfer, in which the same layers learn. */
export interface TransferPhase {
  readonly name: PhaseName;
  /** The first block or layer of the base that learns; "" for all of it, undefined for none of it. */
  readonly from: string | undefined;
  /** The most epochs: the phase ends before that if the validation no longer gets better. */
  readonly epochs: number;
  /** How many batches an epoch has. */
  readonly stepsPerEpoch: number;
  /** The highest rate of Adam: reached after the warm-up, then down to 0 by half a cosine wave. */
  readonly learningRate: number;
  /** How many steps the rate rises from 0; 0 for no warm-up. */
  readonly warmupSteps: number;
  /** How many epochs without a better validation are waited for; undefined if nothing is held out. */
  readonly patience: number | undefined;
  /** The epochs before this one, from 0, do not count: neither for the patience nor as the best. */
  readonly patientUntil: number;
  /** Whether pictures are changed at random. */
  readonly augments: boolean;
}

/** What is done for how many epochs, with which rate. */
export interface TransferSchedule {
  /** The number of pictures in a batch. */
  readonly batchSize: number;
  /** The part of each class that is held out. */
  readonly validationSplit: number;
  readonly dropout: number;
  /** How pictures are changed at random in phases that augment. */
  readonly augment: readonly AugmentationName[];
  /** How much a picture of each class counts; undefined if all count the same. */
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

/** The pictures that are learned from, as far as the schedule depends on them. */
export interface LearnedPictures {
  /** How many pictures of each class are learned from. */
  readonly counts: readonly number[];
  /** The class of each of these pictures. */
  readonly labels: ArrayLike<number>;
  /** Whether others are held out, so that a phase can end when they no longer get better. */
  readonly validates: boolean;
}

/**
 * The schedule of a transfer: the head first, then the last blocks too; or all layers from scratch. Fewer pictures have smaller batches and
 * more epochs.
 *
 * @throws ValueError for settings that make no sense.
 */
export function transferSchedule(
  settings: TransferSettings,
  { counts, labels, validates }: LearnedPictures,
): TransferSchedule {
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
