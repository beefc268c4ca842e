/** One phase of a transfer: freezes, compiles and fits, as the schedule says. */
import type { Model } from "../../models/model.ts";
import type { Callback } from "../../training/callbacks/callback.ts";
import { EarlyStopping } from "../../training/callbacks/early-stopping.ts";
import type { History } from "../../training/callbacks/history.ts";
import type { Dataset } from "../../training/data/dataset.ts";
import type { TrainingPhase } from "../../training/loop/phases.ts";
import { Adam } from "../../training/optimizers/adam.ts";
import { CosineDecay } from "../../training/optimizers/schedules.ts";
import { augmentationsOf } from "./augmentations.ts";
import type { TransferBase } from "./base.ts";
import { setLearning } from "./head.ts";
import type { TransferPhase, TransferSchedule } from "./schedule.ts";

/** What a transfer learns with and from. */
export interface TransferParts {
  readonly base: TransferBase;
  /** The model of that base, from `withHead`. */
  readonly model: Model;
  readonly schedule: TransferSchedule;
  /** The rows and columns of pictures. */
  readonly size: number;
  /** The pictures that are learned from, with integer labels, in shuffled batches of the schedule's size; pixels from 0 to 255. */
  readonly training: Dataset;
  /** The pictures that are held out, if there are any. */
  readonly validation: Dataset | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The most that features take in memory, in bytes, those of what is held out apart: 52,000 vectors of 1,280 numbers. What is read from a file
 * instead costs next to nothing beside a step.
 */
const FEATURES_KEPT = 2 ** 28;

/** The phases of a transfer for `fitInPhases`, which keeps what was learned after an interruption. */
export function transferPhases(parts: TransferParts): readonly TrainingPhase[] {
  return parts.schedule.phases.map((phase) => ({
    name: phase.name,
    run: (backup) => fitPhase(phase, parts, [backup]),
    // The first has nothing to go back to that knows anything.
    ...(phase.name === "fine-tuning" && phase.patience !== undefined && { keeps: madeItBetter }),
  }));
}

/** Fine-tuning is kept if it made the validation better. */
const madeItBetter: NonNullable<TrainingPhase["keeps"]> = ({ val_loss: after = [] }, before) => {
  const known = before.at(-1)?.logged["val_loss"] ?? [];
  return Math.min(...after) <= Math.min(...known);
};

/**
 * Fits the model in one phase: sets what learns, compiles, and fits until the last epoch, or until what is held out no longer gets better. The
 * same weights before and the same data give the same weights after.
 *
 * @param callbacks more callbacks than the schedule's own
 * @throws what `fit` throws; the signal's reason once it is aborted
 */
export async function fitPhase(
  phase: TransferPhase,
  { base, model, schedule, size, training, validation, signal }: TransferParts,
  callbacks: readonly Callback[] = [],
): Promise<History> {
  const { classWeight, augment, seed } = schedule;
  const { epochs, stepsPerEpoch, learningRate, warmupSteps, patience, patientUntil } = phase;
  setLearning(base.base, phase.from);
  const decaySteps = Math.max(1, epochs * stepsPerEpoch - warmupSteps);
  const rate =
    warmupSteps === 0
      ? new CosineDecay({ initialLearningRate: learningRate, decaySteps })
      : new CosineDecay({ initialLearningRate: 0, warmupTarget: learningRate, warmupSteps, decaySteps });
  model.compile({
    optimizer: new Adam({ learningRate: rate }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  const stopping =
    patience === undefined
      ? []
      : [
          new EarlyStopping({
            monitor: "val_loss",
            patience,
            startFromEpoch: patientUntil,
            restoreBestWeights: true,
          }),
        ];
  return await model.fit(phase.augments ? training.augment(augmentationsOf(augment, size), { seed }) : training, {
    epochs,
    validationData: validation,
    classWeight,
    callbacks: [...stopping, ...callbacks],
    featureCache: FEATURES_KEPT,
    seed,
    signal,
  });
}
