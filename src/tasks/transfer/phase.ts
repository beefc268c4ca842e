/** One phase of a transfer: freezes, compiles and fits, as the schedule says. */
import { LIST, OBJECT, PIXELS, SIGNAL, check, instanceOf } from "../../core/kinds.ts";
import { type Names, checkAll } from "../../core/options.ts";
import { Model } from "../../models/model.ts";
import type { Callback } from "../../training/callbacks/callback.ts";
import { EarlyStopping } from "../../training/callbacks/early-stopping.ts";
import type { History } from "../../training/callbacks/history.ts";
import { DATASET, type Dataset } from "../../training/data/dataset.ts";
import type { TrainingPhase } from "../../training/loop/phases.ts";
import { Adam } from "../../training/optimizers/adam.ts";
import { CosineDecay } from "../../training/optimizers/schedules.ts";
import { augmentationsOf } from "./augmentations.ts";
import type { TransferBase } from "./base.ts";
import { setLearning } from "./head.ts";
import type { TransferPhase, TransferSchedule } from "./schedule.ts";

/** The model, the schedule and the data of a transfer. */
export interface TransferParts {
  /** The base model, from `loadBase`. */
  readonly base: TransferBase;
  /** The model of that base, from `withHead`. */
  readonly model: Model;
  /** The schedule, from `transferSchedule`. */
  readonly schedule: TransferSchedule;
  /** The height and width of pictures, in pixels. */
  readonly size: number;
  /** The training data, in shuffled batches of the schedule's size, with integer labels and pixels from 0 to 255. */
  readonly training: Dataset;
  /** The validation data, if there is any. */
  readonly validation: Dataset | undefined;
  /** A signal that, once aborted, ends the training between two steps. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The most that features take in memory, in bytes, those of what is held out apart: 52,000 vectors of 1,280 numbers. What is read from a file
 * instead costs next to nothing beside a step.
 */
const FEATURES_KEPT = 2 ** 28;

/** The phases of a transfer for `fitInPhases`, which can resume them after an interruption. */
export function transferPhases(parts: TransferParts): readonly TrainingPhase[] {
  checkParts("transferPhases()", parts);
  return parts.schedule.phases.map((phase) => ({
    name: phase.name,
    run: (backup) => fitPhase(phase, parts, [backup]),
    // The first has nothing to go back to that knows anything.
    ...(phase.name === "fine-tuning" && phase.patience !== undefined && { keeps: madeItBetter }),
  }));
}

const A_MODEL = instanceOf("a Model", Model);

const PARTS: Names<TransferParts> = {
  base: OBJECT,
  model: A_MODEL,
  schedule: OBJECT,
  size: PIXELS,
  training: DATASET,
  validation: true,
  signal: true,
};

function checkParts(of: string, parts: TransferParts): void {
  checkAll(of, parts, PARTS);
  check(of, "base", parts.base.base, A_MODEL);
  check(of, "phases", parts.schedule.phases, LIST);
  if (parts.validation !== undefined) check(of, "validation", parts.validation, DATASET);
  if (parts.signal !== undefined) check(of, "signal", parts.signal, SIGNAL);
}

/** Fine-tuning is kept if it made the validation better. */
const madeItBetter: NonNullable<TrainingPhase["keeps"]> = ({ val_loss: after = [] }, before) => {
  const known = before.at(-1)?.logged["val_loss"] ?? [];
  return Math.min(...after) <= Math.min(...known);
};

/**
 * Trains the model in one phase: freezes and unfreezes layers, compiles the model, and fits it until the last epoch, or until the validation no
 * longer improves. The same initial weights and the same data give the same final weights.
 *
 * @param callbacks callbacks in addition to those of the schedule
 * @throws what `fit` throws; the signal's reason once it is aborted
 */
export async function fitPhase(
  phase: TransferPhase,
  parts: TransferParts,
  callbacks: readonly Callback[] = [],
): Promise<History> {
  check("fitPhase()", "phase", phase, OBJECT);
  checkParts("fitPhase()", parts);
  check("fitPhase()", "callbacks", callbacks, LIST);
  const { base, model, schedule, size, training, validation, signal } = parts;
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
