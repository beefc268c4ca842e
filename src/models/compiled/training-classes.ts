/** Optimizers, schedules, losses and metrics by their class names, for those who read and write how a model is trained. */
import { MobileNetV2Error, messageOf, show } from "../../core/errors.ts";
import { fromConfig } from "../../layers/arguments.ts";
import type { ObjectDescription } from "../../saving/checkpoint.ts";
import type { LOSSES, METRICS, OPTIMIZERS, SCHEDULES } from "../../saving/keras/compile.ts";
import { Adam, AdamW } from "../../training/optimizers/adam.ts";
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
} from "../../training/losses/crossentropy.ts";
import type { Loss } from "../../training/losses/loss.ts";
import { MeanSquaredError } from "../../training/losses/losses.ts";
import {
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
} from "../../training/metrics/accuracy.ts";
import { AUC } from "../../training/metrics/auc.ts";
import { Precision, Recall } from "../../training/metrics/confusion.ts";
import { F1Score, FBetaScore } from "../../training/metrics/f-score.ts";
import type { Metric } from "../../training/metrics/metric.ts";
import type { Optimizer } from "../../training/optimizers/optimizer.ts";
import { RMSprop } from "../../training/optimizers/rmsprop.ts";
import {
  CosineDecay,
  CosineDecayRestarts,
  ExponentialDecay,
  InverseTimeDecay,
  type LearningRateSchedule,
  PiecewiseConstantDecay,
  PolynomialDecay,
} from "../../training/optimizers/schedules.ts";
import { SGD } from "../../training/optimizers/sgd.ts";

/** What is made again from its config. */
interface Configured {
  getConfig(): Readonly<Record<string, unknown>>;
}

type Class<Made> = new (options: never) => Made;
type Classes<Made, Names extends readonly string[]> = Readonly<Record<Names[number], Class<Made>>>;

const optimizerClasses: Classes<Optimizer, typeof OPTIMIZERS> = { SGD, RMSprop, Adam, AdamW };
const scheduleClasses: Classes<LearningRateSchedule, typeof SCHEDULES> = {
  CosineDecay,
  CosineDecayRestarts,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
};
const lossClasses: Classes<Loss, typeof LOSSES> = {
  SparseCategoricalCrossentropy,
  CategoricalCrossentropy,
  BinaryCrossentropy,
  MeanSquaredError,
};
const metricClasses: Classes<Metric, typeof METRICS> = {
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  TopKCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  Precision,
  Recall,
  F1Score,
  FBetaScore,
  AUC,
};

/** The classes of one kind: objects from descriptions, and descriptions of objects. */
export class ClassList<Made extends Configured> {
  readonly #classes: ReadonlyMap<string, Class<Made>>;

  constructor(classes: Readonly<Record<string, Class<Made>>>) {
    this.#classes = new Map(Object.entries(classes));
  }

  /** Undefined for an object of a class that is not one of these: its code would not be in the file. */
  describe(object: Made): ObjectDescription | undefined {
    for (const [className, made] of this.#classes) {
      if (object.constructor === made) return { className, config: object.getConfig() };
    }
    return undefined;
  }

  has(className: string): boolean {
    return this.#classes.has(className);
  }

  /**
   * An argument that we do not have is accepted where its value says that it is not used.
   * @throws UnsupportedError for a class or an argument that we do not have, ValueError for a value that does not fit.
   */
  make({ className, config }: ObjectDescription): Made {
    const made = this.#classes.get(className);
    if (made === undefined) throw new MobileNetV2Error("UnsupportedError", `There is no ${show(className)} here.`);
    // Null is the default of every argument that can be null.
    const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
    const object = construct(made, given);
    const known = object.getConfig();
    for (const [argument, value] of Object.entries(given)) {
      if (Object.hasOwn(known, argument) || IGNORED.has(argument) || UNUSED.get(argument) === value) continue;
      throw new MobileNetV2Error("UnsupportedError", `${className} has no argument ${argument}=${show(value)} here.`);
    }
    if (Object.hasOwn(known, "name") && typeof known["name"] !== "string") {
      throw new MobileNetV2Error("ValueError", `The name of ${className} should be a text: ${show(known["name"])}`);
    }
    return object;
  }
}

export const optimizers = new ClassList(optimizerClasses);
export const schedules = new ClassList(scheduleClasses);
export const losses = new ClassList(lossClasses);
export const metrics = new ClassList(metricClasses);

/** What makes no difference: how a thing is computed, the function that a class of Keras 2 stands for, and what goes with arguments that are not used. */
const IGNORED: ReadonlySet<string> = new Set([
  "name",
  "dtype",
  "fn",
  "jitCompile",
  "isLegacyOptimizer",
  "emaMomentum",
  "emaOverwriteFrequency",
]);
/** Arguments of Keras's that we do not have, and the values that mean that they are not used. */
const UNUSED: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["useEma", false],
  ["multiLabel", false],
  ["axis", -1],
  ["decay", 0],
]);

/** Constructors check their arguments for those who write programs; what a file has may be anything. */
function construct<Made>(made: Class<Made>, config: object): Made {
  try {
    return fromConfig(made)(config);
  } catch (error) {
    if (error instanceof MobileNetV2Error) throw error;
    throw new MobileNetV2Error("ValueError", `${made.name} cannot be made of ${show(config)}: ${messageOf(error)}`);
  }
}
