/** Optimizers, schedules, losses and metrics by their class names, to read and write training configurations (keras.saving). */
import { MobileNetV2Error, messageOf, show, valueError } from "../../core/errors.ts";
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

/** An object that can be made again from its config. */
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

/** The classes of one kind, which makes objects from descriptions and describes objects. */
export class ClassList<Made extends Configured> {
  readonly #classes: ReadonlyMap<string, Class<Made>>;

  constructor(classes: Readonly<Record<string, Class<Made>>>) {
    this.#classes = new Map(Object.entries(classes));
  }

  /** The description of an object; undefined if its class is not one of these, since a file cannot hold its code. */
  describe(object: Made): ObjectDescription | undefined {
    for (const [className, made] of this.#classes) {
      if (object.constructor === made) return { className, config: object.getConfig() };
    }
    return undefined;
  }

  /** Whether there is a class of this name. */
  has(className: string): boolean {
    return this.#classes.has(className);
  }

  /**
   * Makes the object of a description. Keras's arguments that the class here lacks are accepted if their value means that they are not used.
   * @throws UnsupportedError for a class or an argument that is not here, ValueError for an invalid value.
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
      throw valueError(`The name of ${className} should be a text: ${show(known["name"])}`);
    }
    return object;
  }
}

/** All optimizers. */
export const optimizers = new ClassList(optimizerClasses);
/** All learning rate schedules. */
export const schedules = new ClassList(scheduleClasses);
/** All losses. */
export const losses = new ClassList(lossClasses);
/** All metrics. */
export const metrics = new ClassList(metricClasses);

/** Arguments that make no difference: the way of computing, Keras 2's function behind a class, and companions of arguments that are not used. */
const IGNORED: ReadonlySet<string> = new Set([
  "name",
  "dtype",
  "fn",
  "jitCompile",
  "isLegacyOptimizer",
  "emaMomentum",
  "emaOverwriteFrequency",
]);
/** Keras's arguments that the classes here lack, and the values that mean that they are not used. */
const UNUSED: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["useEma", false],
  ["multiLabel", false],
  ["axis", -1],
  ["decay", 0],
]);

/** Calls a constructor with a config from a file, which may hold anything. @throws ValueError in place of any other error. */
function construct<Made>(made: Class<Made>, config: object): Made {
  try {
    return fromConfig(made)(config);
  } catch (error) {
    if (error instanceof MobileNetV2Error) throw error;
    throw valueError(`${made.name} cannot be made of ${show(config)}: ${messageOf(error)}`);
  }
}
