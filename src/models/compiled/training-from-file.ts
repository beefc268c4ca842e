/** A file's training configuration made into the options of `compile`, and its values assigned to the optimizer's variables (keras.saving). */
import { warn } from "#platform";
import { MobileNetV2Error } from "../../core/errors.ts";
import { formatShape, shapesEqual } from "../../core/shape.ts";
import type {
  CompileConfig,
  Described,
  ObjectDescription,
  StoredTraining,
  StoredVariable,
} from "../../saving/checkpoint.ts";
import { isList, isNamed, isObjectDescription } from "../../saving/described.ts";
import { formatError } from "../../saving/file-errors.ts";
import type { CompileOptions } from "../../training/loop/fit-options.ts";
import type { LossIdentifier } from "../../training/losses/losses.ts";
import type { MetricIdentifier } from "../../training/metrics/metrics.ts";
import type { MetricsOption } from "../../training/loop/objectives.ts";
import type { Optimizer } from "../../training/optimizers/optimizer.ts";
import { losses, metrics, optimizers, schedules } from "./training-classes.ts";

/** The options of `compile`. @throws UnsupportedError for an unknown class or argument, ValueError for an invalid value, FormatError else. */
export function compileOptionsOf(config: CompileConfig): CompileOptions {
  const { lossWeights } = config;
  return {
    optimizer: optimizerOf(config.optimizer),
    loss: lossOption(config.loss),
    lossWeights: (isNamed(lossWeights) ? Object.fromEntries(lossWeights) : lossWeights) ?? undefined,
    metrics: metricsOption(config.metrics),
    weightedMetrics: metricsOption(config.weightedMetrics),
  };
}

function optimizerOf({ className, config }: ObjectDescription): Optimizer {
  const { learningRate } = config;
  if (!isObjectDescription(learningRate)) return optimizers.make({ className, config });
  // The schedules here have no names, unlike Keras's.
  const { name: _, ...schedule } = learningRate.config;
  return optimizers.make({
    className,
    config: { ...config, learningRate: schedules.make({ ...learningRate, config: schedule }) },
  });
}

function lossOption(value: Described): CompileOptions["loss"] {
  if (isList(value)) return value.map(lossOf);
  if (isNamed(value)) return Object.fromEntries([...value].map(([name, one]) => [name, lossOf(one)]));
  return lossOf(value) ?? undefined;
}

function lossOf(value: Described): LossIdentifier | null {
  if (value === null || typeof value === "string") return value;
  if (isList(value) || isNamed(value)) throw formatError("The losses in the file are lists within lists.");
  // Keras 2 wrote `auto` for the default.
  const { reduction, ...config } = value.config;
  return losses.make({ ...value, config: reduction === "auto" ? config : value.config });
}

function metricsOption(value: Described): MetricsOption | undefined {
  if (value === null) return undefined;
  if (isList(value)) return value.map(metricsOf);
  if (isNamed(value)) return Object.fromEntries([...value].map(([name, one]) => [name, metricsOf(one)]));
  return metricOf(value);
}

/** The metrics of one output. */
function metricsOf(value: Described): MetricIdentifier | readonly MetricIdentifier[] {
  if (value === null) return [];
  return isList(value) ? value.map(metricOf) : metricOf(value);
}

function metricOf(value: Described): MetricIdentifier {
  if (typeof value === "string") return value;
  if (value === null || isList(value) || isNamed(value)) {
    throw formatError("The metrics in the file are lists within lists.");
  }
  return metrics.has(value.className) ? metrics.make(value) : losses.make(value);
}

/**
 * Assigns the file's values to the variables of a built optimizer: all of them or, with a warning in Keras's words, none. An optimizer
 * that was saved before its first step has no variables for weights in the file.
 */
export function takeVariables(optimizer: Optimizer, variables: StoredTraining["variables"]): void {
  try {
    const stored = variables();
    if (stored === undefined) return;
    const own = optimizer.variables;
    const rated = optimizer.schedule === undefined ? 1 : 0;
    // Keras 2 stored a constant learning rate only in the config.
    const rates = stored.length === own.length - 1 ? 0 : rated;
    if (stored.length === 1 + rates && stored[0]?.first() === 0) return;
    if (stored.length - rates !== own.length - rated) {
      throw formatError(`it has ${own.length} variables whereas the saved optimizer has ${stored.length} variables.`);
    }
    const slots = stored.slice(1 + rates);
    for (const [i, { name, value }] of own.slice(1 + rated).entries()) {
      const { shape = [] } = slots[i] ?? {};
      if (shapesEqual(shape, value.shape)) continue;
      throw formatError(
        `its variable '${name}' has shape ${formatShape(value.shape)} whereas the saved one has shape ${formatShape(shape)}.`,
      );
    }
    optimizer.state = {
      iterations: countOf(stored[0]),
      learningRate: rates === 0 ? null : rateOf(stored[1], optimizer.learningRate),
      slots: slots.map(finiteValues),
    };
  } catch (error) {
    if (!(error instanceof MobileNetV2Error)) throw error;
    warn(`Skipping variable loading for optimizer '${optimizer.name}', because ${error.message}`);
  }
}

function countOf(iteration: StoredVariable | undefined): number {
  const count = iteration?.first() ?? NaN;
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw formatError(`the saved one has made ${count} steps.`);
}

/** The learning rate: the config's, which is not rounded to float32, unless the variable has another one. */
function rateOf(variable: StoredVariable | undefined, configured: number): number {
  const rate = variable?.first() ?? NaN;
  if (!Number.isFinite(rate)) throw formatError(`the saved one has the learning rate ${rate}.`);
  return Math.fround(configured) === rate ? configured : rate;
}

function finiteValues(variable: StoredVariable): Float32Array {
  const values = variable.read();
  if (values.every((value) => Number.isFinite(value))) return values;
  throw formatError(`'${variable.name}' in the file has NaN or infinity in it.`);
}
