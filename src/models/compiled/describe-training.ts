/** A model's training configuration, described for its file; what a file cannot hold is left out with a warning (see training-from-file.ts). */
import { warn } from "#platform";
import type { CompileConfig, Described, ObjectDescription, SavedTraining } from "../../saving/checkpoint.ts";
import type { CompileOptions } from "../../training/loop/fit-options.ts";
import { Loss } from "../../training/losses/loss.ts";
import type { LossIdentifier } from "../../training/losses/losses.ts";
import { Metric } from "../../training/metrics/metric.ts";
import type { MetricIdentifier } from "../../training/metrics/metrics.ts";
import type { Optimizer } from "../../training/optimizers/optimizer.ts";
import { LearningRateSchedule } from "../../training/optimizers/schedules.ts";
import type { Trainer } from "../../training/loop/trainer.ts";
import { losses, metrics, optimizers, schedules } from "./training-classes.ts";

/** The training configuration, or undefined, with a warning, if the optimizer or the loss is of a class that is not the package's. */
export function describeTraining({ options, optimizer }: Trainer): SavedTraining | undefined {
  const described = describeOptimizer(optimizer);
  if (typeof described === "string") return without(`the training set-up: ${described}`);
  const { loss = null, lossWeights = null } = options;
  const foreign: string[] = [];
  const describedLoss = each(loss, (one) => describeLoss(one, foreign));
  if (foreign.length > 0) return without(`the training set-up: its loss is of a class of its own, ${foreign.join()}`);
  if (optimizer.hasExclusions) {
    without("what excludeFromWeightDecay() was told: say it again before the training goes on");
  }
  const config: CompileConfig = {
    optimizer: described,
    loss: describedLoss,
    lossWeights:
      lossWeights === null || Array.isArray(lossWeights) ? lossWeights : new Map(Object.entries(lossWeights)),
    metrics: describeMetrics(options.metrics),
    weightedMetrics: describeMetrics(options.weightedMetrics),
  };
  return { config, variables: optimizer.variables };
}

function without(what: string): undefined {
  warn(`The file is written without ${what}.`);
}

/** The description of an optimizer, or the reason why there is none. */
function describeOptimizer(optimizer: Optimizer): ObjectDescription | string {
  const described = optimizers.describe(optimizer);
  if (described === undefined) return `its optimizer is of a class of its own, ${optimizer.className}`;
  const { schedule } = optimizer;
  if (schedule === undefined) return described;
  if (!(schedule instanceof LearningRateSchedule)) return "its learning rate is a function";
  const learningRate = schedules.describe(schedule);
  if (learningRate === undefined) return `its learning rate is of a class of its own, ${schedule.className}`;
  return { ...described, config: { ...described.config, learningRate } };
}

function describeLoss(loss: LossIdentifier, foreign: string[]): Described {
  if (!(loss instanceof Loss)) return loss;
  const described = losses.describe(loss);
  if (described === undefined) foreign.push(loss.className);
  return described ?? null;
}

function describeMetrics(option: CompileOptions["metrics"] | undefined): Described {
  const foreign: string[] = [];
  const described = each(option ?? null, (one) => {
    const found = describeMetric(one);
    if (found === undefined && one instanceof Metric) foreign.push(one.name);
    return found;
  });
  if (foreign.length > 0) without(`metrics of classes of their own: ${foreign.join(", ")}`);
  return described;
}

function describeMetric(metric: MetricIdentifier): Described | undefined {
  if (metric instanceof Metric) return metrics.describe(metric);
  return metric instanceof Loss ? losses.describe(metric) : metric;
}

/** The description of one value, a list or a record of names. Elements of lists whose description is undefined are left out. */
function each<T>(value: Nested<T>, describe: (one: T) => Described | undefined): Described {
  const one = (item: Nested<T>): readonly Described[] => {
    if (item === null) return [null];
    if (isList(item)) return [item.flatMap(one)];
    if (isNames(item)) return [new Map(Object.entries(item).map(([name, within]) => [name, one(within)[0] ?? null]))];
    const described = describe(item);
    return described === undefined ? [] : [described];
  };
  return one(value)[0] ?? null;
}

type Nested<T> = T | null | readonly Nested<T>[] | { readonly [name: string]: Nested<T> };

function isList<T>(value: Nested<T>): value is readonly Nested<T>[] {
  return Array.isArray(value);
}

/** Whether a value is a plain object, not an instance of a class. */
function isNames<T>(value: Nested<T>): value is { readonly [name: string]: Nested<T> } {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
