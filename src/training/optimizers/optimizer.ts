/** The base class of all optimizers: variables, learning rate, clipping, weight decay (keras.optimizers.Optimizer). */
import { show, valueError } from "../../core/errors.ts";
import { PATTERNS, TEXT, TEXTS, check, instanceOf, listOf } from "../../core/kinds.ts";
import { type Names, checkOptions } from "../../core/options.ts";
import { type Dims, formatShape } from "../../core/shape.ts";
import { TENSORS, Tensor } from "../../core/tensor.ts";
import { numberArgument } from "../../layers/arguments.ts";
import { toSnakeCase, uniqueName } from "../../layers/naming.ts";
import { Weight } from "../../layers/weight.ts";
import { clipValues, decay, scale, squares } from "./gradient-arithmetic.ts";
import { type OptimizerState, STATE } from "./state.ts";
import { LearningRateSchedule } from "./schedules.ts";

/** A learning rate: a number, a schedule, or a function of the step, counted from 0. */
export type LearningRate = number | LearningRateSchedule | ((step: number) => number);

/** The options that all optimizers share. */
export interface OptimizerOptions {
  /** The name of the optimizer. Default: its class's name in snake case. */
  readonly name?: string | undefined;
  /** The learning rate; each optimizer has its own default. */
  readonly learningRate?: LearningRate | undefined;
  /** The weight decay: before each step, weights are reduced by this fraction of their values times the learning rate. Default: none. */
  readonly weightDecay?: number | null | undefined;
  /** The largest norm of each weight's gradient; larger ones are scaled down. Only one of the three limits can be set. Default: none. */
  readonly clipnorm?: number | null | undefined;
  /** The largest magnitude of each number of a gradient; larger ones are clipped. Default: none. */
  readonly clipvalue?: number | null | undefined;
  /** The largest norm of all gradients together; larger gradients are scaled down by the same factor. Default: none. */
  readonly globalClipnorm?: number | null | undefined;
}

/** The names of these options. */
export const OPTIMIZER_OPTIONS: Names<OptimizerOptions> = {
  name: TEXT,
  learningRate: true,
  weightDecay: true,
  clipnorm: true,
  clipvalue: true,
  globalClipnorm: true,
};

/** A variable of an optimizer, by Keras's name. */
export interface OptimizerVariable {
  readonly name: string;
  /** The value, a scalar for the number of steps and the learning rate, else of a weight's shape. */
  readonly value: Tensor;
}

const GRADIENTS = listOf("a list of Float32Arrays", instanceOf("", Float32Array));
const WEIGHTS = listOf("a list of weights, such as model.trainableWeights", instanceOf("", Weight));

interface Slot {
  readonly name: string;
  readonly shape: Dims;
  readonly values: Float32Array;
}

/** An optimizer, with Keras's defaults and formulas. Arithmetic is in float64, variables are float32. @throws ValueError for invalid options. */
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

  /** The name of the optimizer. */
  get name(): string {
    this.#name ??= this.#givenName ?? uniqueName(toSnakeCase(this.className));
    return this.#name;
  }

  /** The number of steps so far. */
  get iterations(): number {
    return this.#iterations;
  }

  /** Whether the variables are made. */
  get built(): boolean {
    return this.#weights !== undefined;
  }

  /** The schedule or function of the learning rate, or undefined if it is a number. */
  get schedule(): Exclude<LearningRate, number> | undefined {
    const rate = this.#learningRate;
    return typeof rate === "number" ? undefined : rate;
  }

  /** Whether `excludeFromWeightDecay` was called. */
  get hasExclusions(): boolean {
    return this.#excluded !== undefined;
  }

  /** The learning rate of the next step. Setting it throws a ValueError if it is a schedule and the new one is a number. */
  get learningRate(): number {
    const rate = this.#learningRate;
    if (typeof rate === "number") return rate;
    return rate instanceof LearningRateSchedule ? rate.at(this.#iterations) : rate(this.#iterations);
  }

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
   * Excludes from weight decay the weights in `varList`, and those whose names match a regular expression in `varNames`, such as `bias`.
   * @throws ValueError if the optimizer is built already.
   */
  excludeFromWeightDecay(excluded: {
    readonly varList?: readonly Weight[] | undefined;
    readonly varNames?: readonly string[] | undefined;
  }): void {
    checkOptions("excludeFromWeightDecay()", excluded, { varList: WEIGHTS, varNames: PATTERNS });
    const { varList = [], varNames = [] } = excluded;
    if (this.built) {
      throw valueError("`excludeFromWeightDecay()` can only be configured before the optimizer is built.");
    }
    const pattern = varNames.length > 0 ? new RegExp(varNames.join("|")) : undefined;
    this.#excluded = { weights: new Set(varList), pattern };
  }

  /** Makes the variables for these weights; a second call does nothing. `paths`, such as `Conv1/kernel`, give the variables their names. */
  build(weights: readonly Weight[], paths: readonly string[] = namesOf(weights)): void {
    check("build()", "weights", weights, WEIGHTS);
    if (this.built) return;
    check("build()", "paths", paths, TEXTS);
    this.#weights = [...weights];
    this.#paths = [...paths];
    for (const [i, weight] of weights.entries()) this.#indices.set(weight, i);
    this.addVariables();
  }

  /** Makes the variables that the optimizer has for each weight, with `addSlots`. */
  protected abstract addVariables(): void;

  /** Makes a variable of zeros for each weight and name, in Keras's order. */
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

  /** The variable that `addSlots` made for the weight of an index. */
  protected slot(name: string, index: number): Float32Array {
    const slot = this.#slotsOf.get(name)?.[index];
    if (slot === undefined) throw valueError(`Optimizer '${this.name}' has no variable '${name}' of weight ${index}.`);
    return slot;
  }

  /** Updates the values of the weight of an index in place, by its gradient. */
  protected abstract updateStep(
    gradient: Float32Array,
    values: Float32Array,
    learningRate: number,
    index: number,
  ): void;

  /**
   * Applies gradients to weights, one step. Gradients are clipped in place. If the optimizer is not built, it is built for these weights.
   * @throws ValueError for a weight that it was not built for, or a gradient of another size.
   */
  apply(gradients: readonly Float32Array[], weights: readonly Weight[] | undefined = this.#weights): void {
    check("apply()", "gradients", gradients, GRADIENTS);
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

  /** Checks weights. @throws ValueError for one that the optimizer was not built for. */
  checkKnown(weights: readonly Weight[]): void {
    check("checkKnown()", "weights", weights, WEIGHTS);
    const unknown = weights.find((weight) => !this.#indices.has(weight));
    if (unknown === undefined) return;
    throw valueError(
      `Unknown variable: ${unknown.name} of shape ${formatShape(unknown.shape)}. This optimizer can only be called for the variables it was ` +
        "originally built with. When working with a new set of variables, you should recreate a new optimizer instance.",
    );
  }

  /** All variables in Keras's order: the number of steps, the learning rate if it is a number, and the variables of each weight. */
  get variables(): readonly OptimizerVariable[] {
    const rate = this.#learningRate;
    return [
      { name: "iteration", value: new Tensor([], Int32Array.of(this.#iterations)) },
      ...(typeof rate === "number" ? [{ name: "learning_rate", value: new Tensor([], Float32Array.of(rate)) }] : []),
      ...this.#slots.map(({ name, shape, values }) => ({ name, value: new Tensor(shape, values) })),
    ];
  }

  /** Sets all `variables`, in their order. @throws ValueError if their number or a size differs, or the optimizer is not built. */
  setVariables(values: readonly Tensor[]): void {
    check("setVariables()", "values", values, TENSORS);
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

  /** The state from which the optimizer continues exactly. Setting it copies the arrays; a ValueError is thrown if it is of other weights. */
  get state(): OptimizerState {
    const rate = this.#learningRate;
    return {
      iterations: this.#iterations,
      learningRate: typeof rate === "number" ? rate : null,
      slots: this.#slots.map(({ values }) => values),
    };
  }

  set state(state: OptimizerState) {
    check(`optimizer '${this.name}'`, "state", state, STATE);
    const { iterations, learningRate, slots } = state;
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

  /** The options to construct the optimizer again with. */
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

  /** The weight's values in an array of the optimizer's own, which it may write to. */
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
        // NaN and infinite gradients are multiplied too, as in Keras.
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

function namesOf(weights: readonly Weight[]): readonly string[] {
  check("build()", "weights", weights, WEIGHTS);
  return weights.map(({ name }) => name);
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
