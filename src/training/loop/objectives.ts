/** The losses and metrics of a model's outputs, as `compile` was given them (keras.src.trainers.compile_utils). */
import { valueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { OutputGradient } from "../../graph/differentiator.ts";
import type { Logs } from "../callbacks/callback.ts";
import type { Loss, Predicted } from "../losses/loss.ts";
import { type LossIdentifier, lossOf } from "../losses/losses.ts";
import { Mean, type Metric } from "../metrics/metric.ts";
import { type MetricIdentifier, metricOf } from "../metrics/metrics.ts";
import { type StateRecord, listIn, numbersIn } from "./state.ts";

/** One for all outputs, or for each: by their order or by their layers' names; null where an output has none. */
export type PerOutput<T> = T | readonly (T | null)[] | Readonly<Record<string, T | null>>;

export type MetricsOption =
  | MetricIdentifier
  | readonly (MetricIdentifier | readonly MetricIdentifier[])[]
  | Readonly<Record<string, MetricIdentifier | readonly MetricIdentifier[]>>;

export interface ObjectiveOptions {
  readonly loss?: PerOutput<LossIdentifier> | undefined;
  /** What each output's loss is multiplied by. Default: 1. */
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>> | undefined;
  /** What is measured besides; sample weights do not count. */
  readonly metrics?: MetricsOption | undefined;
  /** The same, where sample weights count. */
  readonly weightedMetrics?: MetricsOption | undefined;
}

interface Tracked {
  readonly output: number;
  readonly key: string;
  readonly metric: Metric;
  readonly weighted: boolean;
}

interface Term {
  readonly output: number;
  readonly loss: Loss;
  readonly weight: number;
  /** Its mean, where there are several. */
  readonly mean: Mean | undefined;
}

/** The loss of a batch, and the way back from it. */
export interface Objective {
  readonly loss: number;
  /** The loss of each output that has one, unweighted. */
  readonly parts: readonly number[];
  gradients(): readonly (OutputGradient | undefined)[];
}

export class Objectives {
  readonly #options: ObjectiveOptions;
  readonly #names: readonly string[];
  readonly #loss = new Mean({ name: "loss" });
  #built: { readonly terms: readonly Term[]; readonly tracked: readonly Tracked[] } | undefined;
  /** What was gathered elsewhere, until the metrics are made. */
  #pending: StateRecord | undefined;

  /** `names` are those of the outputs' layers. */
  constructor(options: ObjectiveOptions, names: readonly string[]) {
    this.#options = options;
    this.#names = names;
  }

  /** The mean loss, those of outputs, and the metrics; what is decided by shapes is there after the first batch. */
  get metrics(): readonly Metric[] {
    const { terms = [], tracked = [] } = this.#built ?? {};
    const means = terms.map(({ mean }) => mean).filter((mean) => mean !== undefined);
    return [this.#loss, ...means, ...tracked.map(({ metric }) => metric)];
  }

  /** The loss of a batch; nothing is gathered yet. @throws ValueError where shapes do not fit. */
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

  /** Takes a batch into the means; `loss` is the whole of it. */
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

  /** What was gathered since `reset`. A metric with several results has a number after its name for each. */
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

  reset(): void {
    this.#pending = undefined;
    for (const metric of this.metrics) metric.resetState();
  }

  getState(): StateRecord {
    return this.#pending ?? { metrics: this.metrics.map((metric) => metric.getState()) };
  }

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

  /** For each output its metrics. */
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

  /** For each output what an option says of it. */
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

/** Of names; not an instance of a class. */
function isRecord<T>(value: T): value is Extract<T, Readonly<Record<string, unknown>>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
