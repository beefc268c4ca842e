/** The losses and metrics of a model's outputs, as given to `compile` (keras.src.trainers.compile_utils). */
import { valueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { OutputGradient } from "../../graph/differentiator.ts";
import type { Logs } from "../callbacks/callback.ts";
import type { Loss, Predicted } from "../losses/loss.ts";
import { type LossIdentifier, lossOf } from "../losses/losses.ts";
import { Mean, type Metric } from "../metrics/metric.ts";
import { type MetricIdentifier, metricOf } from "../metrics/metrics.ts";
import { type StateRecord, listIn, numbersIn } from "./state.ts";

/** One value for all outputs, or a list in their order, or a record by the names of their layers; null for an output that has none. */
export type PerOutput<T> = T | readonly (T | null)[] | Readonly<Record<string, T | null>>;

/**
 * Metrics: for a model with one output, one metric or a list of them; for several outputs, a list with one metric or list of metrics for each
 * output, or a record by the names of the outputs' layers.
 */
export type MetricsOption =
  | MetricIdentifier
  | readonly (MetricIdentifier | readonly MetricIdentifier[])[]
  | Readonly<Record<string, MetricIdentifier | readonly MetricIdentifier[]>>;

/** The options of `compile` about losses and metrics. */
export interface ObjectiveOptions {
  /** The loss, or its name; for several outputs, one for all of them or one for each. `fit` and `evaluate` throw a ValueError without it. */
  readonly loss?: PerOutput<LossIdentifier> | undefined;
  /** The factor of each output's loss in the total, in the order of the outputs or by the names of their layers. Default: 1 for each. */
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>> | undefined;
  /** The metrics to report, without sample or class weights. Default: none. */
  readonly metrics?: MetricsOption | undefined;
  /** The metrics to report, weighted by sample and class weights. Default: none. */
  readonly weightedMetrics?: MetricsOption | undefined;
}

/** A metric, the output it belongs to, and its name in the logs. */
interface Tracked {
  readonly output: number;
  readonly key: string;
  readonly metric: Metric;
  readonly weighted: boolean;
}

/** The loss of one output, and its weight in the total. */
interface Term {
  readonly output: number;
  readonly loss: Loss;
  readonly weight: number;
  /** The mean loss of the output, if there are several with a loss. */
  readonly mean: Mean | undefined;
}

/** The total loss of a batch, and its gradients. */
export interface Objective {
  readonly loss: number;
  /** The loss of each output that has one, before loss weights. */
  readonly parts: readonly number[];
  /** The gradient of each output, undefined for outputs without a loss. */
  gradients(): readonly (OutputGradient | undefined)[];
}

/** The losses and metrics of a compiled model. Those that depend on shapes are made when the first batch is evaluated. */
export class Objectives {
  readonly #options: ObjectiveOptions;
  readonly #names: readonly string[];
  readonly #loss = new Mean({ name: "loss" });
  #built: { readonly terms: readonly Term[]; readonly tracked: readonly Tracked[] } | undefined;
  /** A restored state, kept until the metrics are made. */
  #pending: StateRecord | undefined;

  /** `names` are the names of the outputs' layers. */
  constructor(options: ObjectiveOptions, names: readonly string[]) {
    this.#options = options;
    this.#names = names;
  }

  /** The mean loss and, after the first batch, the mean loss of each output (if several) and the metrics. */
  get metrics(): readonly Metric[] {
    const { terms = [], tracked = [] } = this.#built ?? {};
    const means = terms.map(({ mean }) => mean).filter((mean) => mean !== undefined);
    return [this.#loss, ...means, ...tracked.map(({ metric }) => metric)];
  }

  /** The loss of a batch, which `update` then accumulates. @throws ValueError if shapes do not fit, or there is no loss. */
  evaluate(predicted: readonly Predicted[], y: readonly Tensor[], sampleWeight: Tensor | undefined): Objective {
    const { terms } = this.#build(predicted, y);
    const results = terms.map(({ loss, output, weight }) => {
      const [target, prediction] = [y[output], predicted[output]];
      if (target === undefined || prediction === undefined) throw structureError(y.length, predicted.length);
      return { output, weight, result: loss.evaluate(target, prediction, sampleWeight) };
    });
    return {
      loss: results.reduce((sum, { weight, result }) => sum + weight * result.value, 0),
      parts: results.map(({ result }) => result.value),
      gradients: () => {
        const gradients: (OutputGradient | undefined)[] = predicted.map(() => undefined);
        for (const { output, weight, result } of results) {
          const { of, values } = result.gradient();
          gradients[output] = { of, values: weight === 1 ? values : values.map((value) => value * weight) };
        }
        return gradients;
      },
    };
  }

  /** Accumulates a batch in the means and metrics; `loss` is the total loss, regularization included. */
  update(
    loss: number,
    { parts }: Objective,
    predicted: readonly Predicted[],
    y: readonly Tensor[],
    sampleWeight: Tensor | undefined,
  ): void {
    const { terms, tracked } = this.#build(predicted, y);
    const count = predicted[0]?.output.shape[0] ?? 0;
    this.#loss.add(loss, count);
    for (const [i, { mean }] of terms.entries()) mean?.add(parts[i] ?? NaN, count);
    for (const { output, metric, weighted } of tracked) {
      const [target, prediction] = [y[output], predicted[output]];
      if (target === undefined || prediction === undefined) continue;
      metric.updateState(target, prediction.output, weighted ? sampleWeight : undefined);
    }
  }

  /** The results since `reset`. A metric with several results has one entry for each, with `_0`, `_1`, … after its name. */
  logs(): Logs {
    const logs: Logs = { loss: this.#loss.result() };
    for (const { mean } of this.#built?.terms ?? []) if (mean !== undefined) logs[mean.name] = mean.result();
    for (const { key, metric } of this.#built?.tracked ?? []) {
      const result = metric.result();
      if (typeof result === "number") logs[key] = result;
      else for (const [i, value] of result.entries()) logs[`${key}_${i}`] = value;
    }
    return logs;
  }

  /** Resets the loss and all metrics. */
  reset(): void {
    this.#pending = undefined;
    for (const metric of this.metrics) metric.resetState();
  }

  /** The state of the loss and all metrics. */
  getState(): StateRecord {
    return this.#pending ?? { metrics: this.metrics.map((metric) => metric.getState()) };
  }

  /** Restores a state, as soon as the metrics are made. */
  setState(state: StateRecord): void {
    this.#pending = state;
    if (this.#built !== undefined) this.#takePending();
  }

  #takePending(): void {
    const state = this.#pending;
    this.#pending = undefined;
    if (state === undefined) return;
    const states = listIn(state, "metrics").map((_, i, list) => numbersIn({ list: list[i] ?? [] }, "list"));
    for (const [i, metric] of this.metrics.entries()) {
      const found = states[i];
      if (found === undefined) metric.resetState();
      else metric.setState(found);
    }
  }

  #build(
    predicted: readonly Predicted[],
    y: readonly Tensor[],
  ): { readonly terms: readonly Term[]; readonly tracked: readonly Tracked[] } {
    if (this.#built !== undefined) return this.#built;
    const built = { terms: this.#terms(predicted, y), tracked: this.#tracked(predicted, y) };
    this.#built = built;
    this.#takePending();
    return built;
  }

  #terms(predicted: readonly Predicted[], y: readonly Tensor[]): readonly Term[] {
    const { loss, lossWeights } = this.#options;
    const losses =
      isList(loss) || isRecord(loss) ? this.#perOutput(loss, "loss") : this.#names.map(() => loss ?? undefined);
    const weights = lossWeights === undefined ? [] : this.#perOutput(lossWeights, "lossWeights");
    if (losses.every((one) => one === undefined)) {
      throw valueError("No loss to compute. Provide a `loss` argument in `compile()`.");
    }
    const several = losses.filter((one) => one !== undefined).length > 1;
    return losses.flatMap((identifier, output) => {
      if (identifier === undefined) return [];
      const [target, prediction] = [y[output], predicted[output]];
      if (target === undefined || prediction === undefined) throw structureError(y.length, predicted.length);
      const mean = several ? new Mean({ name: `${this.#names[output]}_loss` }) : undefined;
      return [{ output, loss: lossOf(identifier, target, prediction.output), weight: weights[output] ?? 1, mean }];
    });
  }

  #tracked(predicted: readonly Predicted[], y: readonly Tensor[]): readonly Tracked[] {
    const keys = new Set(["loss"]);
    const make = (option: MetricsOption | undefined, weighted: boolean): readonly Tracked[] =>
      this.#metricLists(option).flatMap((identifiers, output) =>
        identifiers.flatMap((identifier) => {
          const [target, prediction] = [y[output], predicted[output]];
          if (target === undefined || prediction === undefined) return [];
          const metric = metricOf(identifier, target, prediction.output);
          const name = predicted.length > 1 ? `${this.#names[output]}_${metric.name}` : metric.name;
          const key = uniqueKey(keys.has(name) && weighted ? `weighted_${name}` : name, keys);
          return [{ output, key, metric, weighted }];
        }),
      );
    return [...make(this.#options.metrics, false), ...make(this.#options.weightedMetrics, true)];
  }

  /** The list of metrics of each output. */
  #metricLists(option: MetricsOption | undefined): readonly (readonly MetricIdentifier[])[] {
    if (option === undefined) return [];
    if (isList(option)) {
      if (this.#names.length === 1) return [option.flatMap((one) => one)];
      this.#checkCount(option.length, "metrics");
      return option.map((one) => (isList(one) ? one : [one]));
    }
    if (isRecord(option)) {
      this.#checkNames(option, "metrics");
      return this.#names.map((name) => {
        const one = Object.hasOwn(option, name) ? option[name] : undefined;
        if (one === undefined) return [];
        return isList(one) ? one : [one];
      });
    }
    return [[option]];
  }

  /** The value of an option for each output. */
  #perOutput<T>(
    option: readonly (T | null)[] | Readonly<Record<string, T | null>>,
    argument: string,
  ): readonly (T | undefined)[] {
    if (isList(option)) {
      this.#checkCount(option.length, argument);
      return option.map((one) => one ?? undefined);
    }
    this.#checkNames(option, argument);
    return this.#names.map((name) => (Object.hasOwn(option, name) ? option[name] : undefined) ?? undefined);
  }

  #checkCount(count: number, argument: string): void {
    if (count === this.#names.length) return;
    throw valueError(
      `\`${argument}\` has ${count} entries, but the model has ${this.#names.length} outputs: ${this.#names.join(", ")}.`,
    );
  }

  #checkNames(option: Readonly<Record<string, unknown>>, argument: string): void {
    const unknown = Object.keys(option).filter((name) => !this.#names.includes(name));
    if (unknown.length > 0) {
      throw valueError(
        `Expected keys ${this.#names.join(", ")} in ${argument} dict, but found ${argument} keys=${Object.keys(option).join(", ")}`,
      );
    }
  }
}

function structureError(targets: number, outputs: number): Error {
  return valueError(
    `y_true and y_pred have different structures.\ny_true: ${structure(targets)}\ny_pred: ${structure(outputs)}\n` +
      (targets === 0 ? "No targets were given: they are `y`, or the `y` of each batch of a data set with labels." : ""),
  );
}

function structure(count: number): string {
  return count === 1 ? "*" : `[${Array.from({ length: count }, () => "'*'").join(", ")}]`;
}

function uniqueKey(name: string, keys: Set<string>): string {
  let key = name;
  for (let i = 1; keys.has(key); i++) key = `${name}_${i}`;
  keys.add(key);
  return key;
}

function isList<T>(value: T): value is Extract<T, readonly unknown[]> {
  return Array.isArray(value);
}

/** Whether a value is a plain object, not an instance of a class. */
function isRecord<T>(value: T): value is Extract<T, Readonly<Record<string, unknown>>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
