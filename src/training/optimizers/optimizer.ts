/** What all optimizers share: variables, learning rate, clipping, weight decay (keras.optimizers.Optimizer). */
import { show, valueError } from "../../core/errors.ts";
import type { Names } from "../../core/options.ts";
import { type Dims, formatShape } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";
import { numberArgument } from "../../layers/arguments.ts";
import { toSnakeCase, uniqueName } from "../../layers/naming.ts";
import type { Weight } from "../../layers/weight.ts";
import { LearningRateSchedule } from "./schedules.ts";

/** A number, a schedule, or a function of the step (from 0). */
export type LearningRate = number | LearningRateSchedule | ((step: number) => number);

export interface OptimizerOptions {
  readonly name?: string | undefined;
  readonly learningRate?: LearningRate | undefined;
  /** Before each step every weight is made smaller by this part of it, times the learning rate. Default: none. */
  readonly weightDecay?: number | null | undefined;
  /** The most that the norm of each weight's gradient may be. At most one of the three limits can be set. */
  readonly clipnorm?: number | null | undefined;
  /** The most that the magnitude of each number of a gradient may be. */
  readonly clipvalue?: number | null | undefined;
  /** The most that the norm of all gradients together may be. */
  readonly globalClipnorm?: number | null | undefined;
}

export const OPTIMIZER_OPTIONS: Names<OptimizerOptions> = {
  name: true,
  learningRate: true,
  weightDecay: true,
  clipnorm: true,
  clipvalue: true,
  globalClipnorm: true,
};

export interface OptimizerVariable {
  readonly name: string;
  readonly value: Tensor;
}

/** All that changes in an optimizer while it works; the arrays are its own. */
export interface OptimizerState {
  readonly iterations: number;
  /** Null where a schedule or a function says it. */
  readonly learningRate: number | null;
  readonly slots: readonly Float32Array[];
}

interface Slot {
  readonly name: string;
  readonly shape: Dims;
  readonly values: Float32Array;
}

/** Arithmetic and defaults are Keras's; sums and products are float64, what is kept is float32. */
export abstract class Optimizer {
  abstract readonly className: string;
  readonly #givenName: string | undefined;
  #name: string | undefined;
  readonly weightDecay: number | null;
  readonly clipnorm: number | null;
  readonly clipvalue: number | null;
  readonly globalClipnorm: number | null;
  #learningRate: LearningRate;
  #iterations = 0;
  #weights: readonly Weight[] | undefined;
  #paths: readonly string[] = [];
  readonly #indices = new Map<Weight, number>();
  /** The arrays of weights that this optimizer made, and may write to. */
  readonly #own: (Float32Array | undefined)[] = [];
  readonly #slots: Slot[] = [];
  readonly #slotsOf = new Map<string, Float32Array[]>();
  #excluded: { readonly weights: ReadonlySet<Weight>; readonly pattern: RegExp | undefined } | undefined;

  constructor(options: OptimizerOptions, defaultLearningRate: number) {
    this.#givenName = options.name;
    this.#learningRate = checkedRate(options.learningRate ?? defaultLearningRate);
    this.weightDecay = numberOrNull(options.weightDecay, "weightDecay");
    this.clipnorm = numberOrNull(options.clipnorm, "clipnorm");
    this.clipvalue = numberOrNull(options.clipvalue, "clipvalue");
    this.globalClipnorm = numberOrNull(options.globalClipnorm, "globalClipnorm");
    const { clipnorm, clipvalue, globalClipnorm } = this;
    if ([clipnorm, clipvalue, globalClipnorm].filter((limit) => limit !== null).length > 1) {
      throw valueError(
        "Only one of `clipnorm`, `clipvalue` and `globalClipnorm` can be set. " +
          `Received: clipnorm=${show(clipnorm)}, clipvalue=${show(clipvalue)}, globalClipnorm=${show(globalClipnorm)}`,
      );
    }
  }

  get name(): string {
    this.#name ??= this.#givenName ?? uniqueName(toSnakeCase(this.className));
    return this.#name;
  }

  /** How many steps were made. */
  get iterations(): number {
    return this.#iterations;
  }

  get built(): boolean {
    return this.#weights !== undefined;
  }

  /** What says the rate of each step; undefined where it is a number. */
  get schedule(): Exclude<LearningRate, number> | undefined {
    const rate = this.#learningRate;
    return typeof rate === "number" ? undefined : rate;
  }

  /** Whether weights were left out of the weight decay. */
  get hasExclusions(): boolean {
    return this.#excluded !== undefined;
  }

  /** The rate of the next step. */
  get learningRate(): number {
    const rate = this.#learningRate;
    if (typeof rate === "number") return rate;
    return rate instanceof LearningRateSchedule ? rate.at(this.#iterations) : rate(this.#iterations);
  }

  /** @throws ValueError where a schedule says the rate. */
  set learningRate(rate: LearningRate) {
    if (typeof rate === "number" && this.#learningRate instanceof LearningRateSchedule) {
      throw valueError(
        "This optimizer was created with a `LearningRateSchedule` object as its `learningRate` constructor argument, hence its " +
          "learning rate is not settable. If you need the learning rate to be settable, you should instantiate the optimizer " +
          "with a float `learningRate` argument.",
      );
    }
    this.#learningRate = checkedRate(rate);
  }

  /**
   * Leaves weights out of the weight decay: these, and those whose names any of the texts is found in, such as `bias`.
   * @throws ValueError once the optimizer is built.
   */
  excludeFromWeightDecay({
    varList = [],
    varNames = [],
  }: {
    readonly varList?: readonly Weight[];
    readonly varNames?: readonly string[];
  }): void {
    if (this.built) {
      throw valueError("`excludeFromWeightDecay()` can only be configured before the optimizer is built.");
    }
    const pattern = varNames.length > 0 ? new RegExp(varNames.join("|")) : undefined;
    this.#excluded = { weights: new Set(varList), pattern };
  }

  /** Makes the variables for these weights; a second call does nothing. `paths` name them: `Conv1/kernel`. */
  build(weights: readonly Weight[], paths: readonly string[] = weights.map(({ name }) => name)): void {
    if (this.built) return;
    this.#weights = [...weights];
    this.#paths = [...paths];
    for (const [i, weight] of weights.entries()) this.#indices.set(weight, i);
    this.addVariables();
  }

  /** Adds with `addSlots` what the optimizer remembers of each weight. */
  protected abstract addVariables(): void;

  /** An array of zeros for each weight and name, in the order of Keras's variables. */
  protected addSlots(...names: readonly string[]): void {
    for (const [i, { shape, size }] of (this.#weights ?? []).entries()) {
      for (const name of names) {
        const values = new Float32Array(size);
        this.#slots.push({ name: `${(this.#paths[i] ?? "").replaceAll("/", "_")}_${name}`, shape, values });
        const list = this.#slotsOf.get(name) ?? [];
        this.#slotsOf.set(name, list);
        list.push(values);
      }
    }
  }

  /** What was made by `addSlots` for the weight of that index. */
  protected slot(name: string, index: number): Float32Array {
    const slot = this.#slotsOf.get(name)?.[index];
    if (slot === undefined) throw valueError(`Optimizer '${this.name}' has no variable '${name}' of weight ${index}.`);
    return slot;
  }

  /** Moves the values of the weight of that index, in place, by its gradient. */
  protected abstract updateStep(
    gradient: Float32Array,
    values: Float32Array,
    learningRate: number,
    index: number,
  ): void;

  /**
   * One step. Gradients are clipped in place. The first call builds the optimizer where `build` was not called.
   * @throws ValueError for a weight that it was not built for.
   */
  apply(gradients: readonly Float32Array[], weights: readonly Weight[] | undefined = this.#weights): void {
    if (gradients.length === 0) return;
    if (weights === undefined) {
      throw valueError(
        "When passing `grads` without `variables`, the optimizer must already be built on a list of variables. " +
          "Call `optimizer.build(trainableVariables)` first. ",
      );
    }
    this.build(weights);
    this.checkKnown(weights);
    this.#clip(gradients);
    const rate = this.learningRate;
    for (const [i, weight] of weights.entries()) {
      const gradient = gradients[i];
      if (gradient === undefined || gradient.length !== weight.size) {
        throw valueError(
          `The gradient of weight '${weight.name}' of shape ${formatShape(weight.shape)} has ${gradient?.length ?? 0} values.`,
        );
      }
      const index = this.#indices.get(weight) ?? 0;
      const values = this.#writable(weight, index);
      if (this.weightDecay !== null && this.#decays(weight)) decay(values, this.weightDecay * rate);
      this.updateStep(gradient, values, rate, index);
      weight.assign(values);
    }
    this.#iterations++;
  }

  /** @throws ValueError for weights that the optimizer was not built for. */
  checkKnown(weights: readonly Weight[]): void {
    const unknown = weights.find((weight) => !this.#indices.has(weight));
    if (unknown === undefined) return;
    throw valueError(
      `Unknown variable: ${unknown.name} of shape ${formatShape(unknown.shape)}. This optimizer can only be called for the variables it was ` +
        "originally built with. When working with a new set of variables, you should recreate a new optimizer instance.",
    );
  }

  /** All variables in Keras's order: the count of steps, the learning rate where it is a number, and what is kept of each weight. */
  get variables(): readonly OptimizerVariable[] {
    const rate = this.#learningRate;
    return [
      { name: "iteration", value: new Tensor([], Int32Array.of(this.#iterations)) },
      ...(typeof rate === "number" ? [{ name: "learning_rate", value: new Tensor([], Float32Array.of(rate)) }] : []),
      ...this.#slots.map(({ name, shape, values }) => ({ name, value: new Tensor(shape, values) })),
    ];
  }

  /** Takes values for all `variables`, in their order. @throws ValueError where the number or a shape differs. */
  setVariables(values: readonly Tensor[]): void {
    const variables = this.variables;
    if (!this.built) {
      throw valueError(
        "You are calling `setVariables()` on an optimizer that has not yet been built. " +
          "Please call `optimizer.build(trainableVariables)` to create the optimizer weights before calling `setVariables()`.",
      );
    }
    if (values.length !== variables.length) {
      throw valueError(
        `Optimizer '${this.name}' has ${variables.length} variables. Received a list of ${values.length} values.`,
      );
    }
    for (const [i, { name, value }] of variables.entries()) {
      const given = values[i];
      if (given === undefined || given.size !== value.size) {
        throw valueError(
          `Optimizer variable ${name} has shape ${formatShape(value.shape)} not compatible with provided weight shape ${formatShape(given?.shape ?? [])}.`,
        );
      }
    }
    const hasRate = typeof this.#learningRate === "number";
    this.#iterations = values[0]?.data[0] ?? 0;
    if (hasRate) this.#learningRate = values[1]?.data[0] ?? NaN;
    for (const [i, slot] of this.#slots.entries()) slot.values.set(values[i + (hasRate ? 2 : 1)]?.data ?? []);
  }

  /** What must be kept to go on later exactly so. */
  get state(): OptimizerState {
    const rate = this.#learningRate;
    return {
      iterations: this.#iterations,
      learningRate: typeof rate === "number" ? rate : null,
      slots: this.#slots.map(({ values }) => values),
    };
  }

  /** Takes such a state; the values are copied. @throws ValueError where it is another optimizer's, or of other weights. */
  set state({ iterations, learningRate, slots }: OptimizerState) {
    if (
      slots.length !== this.#slots.length ||
      slots.some(({ length }, i) => length !== this.#slots[i]?.values.length)
    ) {
      throw valueError(
        `The state is not of this optimizer: '${this.name}' keeps ${this.#slots.length} arrays for its weights, the state has ${slots.length}, or others.`,
      );
    }
    this.#iterations = iterations;
    if (learningRate !== null && typeof this.#learningRate === "number") this.#learningRate = learningRate;
    for (const [i, { values }] of this.#slots.entries()) values.set(slots[i] ?? []);
  }

  /** The arguments to make the optimizer again. */
  getConfig(): Readonly<Record<string, unknown>> {
    const rate = this.#learningRate;
    return {
      name: this.name,
      learningRate:
        rate instanceof LearningRateSchedule
          ? { className: rate.className, config: rate.getConfig() }
          : this.learningRate,
      weightDecay: this.weightDecay,
      clipnorm: this.clipnorm,
      globalClipnorm: this.globalClipnorm,
      clipvalue: this.clipvalue,
    };
  }

  /** The weight's values in an array that nobody else had before. */
  #writable(weight: Weight, index: number): Float32Array {
    const own = this.#own[index];
    if (own !== undefined && weight.values === own) return own;
    return (this.#own[index] = Float32Array.from(weight.values));
  }

  #decays(weight: Weight): boolean {
    const { weights, pattern } = this.#excluded ?? {};
    return !(weights?.has(weight) === true || pattern?.test(weight.name) === true);
  }

  #clip(gradients: readonly Float32Array[]): void {
    const { clipnorm, clipvalue, globalClipnorm } = this;
    if (clipnorm !== null && clipnorm > 0) {
      for (const gradient of gradients) {
        const norm = Math.sqrt(squares(gradient));
        // NaN and infinite gradients go through the product, as they do in Keras.
        if (!(norm <= clipnorm)) scale(gradient, clipnorm / norm);
      }
    } else if (globalClipnorm !== null && globalClipnorm > 0) {
      let sum = 0;
      for (const gradient of gradients) sum += squares(gradient);
      const norm = Math.sqrt(sum);
      if (!(norm <= globalClipnorm)) {
        const factor = Number.isFinite(norm) ? globalClipnorm / norm : NaN;
        for (const gradient of gradients) scale(gradient, factor);
      }
    } else if (clipvalue !== null && clipvalue > 0) {
      for (const gradient of gradients) clipValues(gradient, clipvalue);
    }
  }
}

function numberOrNull(value: number | null | undefined, argument: string): number | null {
  return value === undefined || value === null ? null : numberArgument(value, argument, 0);
}

function checkedRate(rate: LearningRate): LearningRate {
  if (
    (typeof rate === "number" && Number.isFinite(rate)) ||
    typeof rate === "function" ||
    rate instanceof LearningRateSchedule
  )
    return rate;
  throw valueError(
    "Argument `learningRate` should be float, or an instance of LearningRateSchedule, or a callable (that takes in the current " +
      `iteration value and returns the corresponding learning rate value). Received instead: learningRate=${show(rate)}`,
  );
}

function decay(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    values[i] = value - value * factor;
  }
}

function squares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    sum += value * value;
  }
  return sum;
}

function scale(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
}

function clipValues(values: Float32Array, limit: number): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.max(-limit, Math.min(limit, values[i] ?? 0));
}
