/** Learning rate schedules, computed in float64 (keras.optimizers.schedules). */
import { show, valueError } from "../../core/errors.ts";
import { frozen } from "../../core/frozen.ts";
import { NUMBER, NUMBERS, check } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";

/** A learning rate schedule. Extend it for one of your own, or give the optimizer a function of the step. */
export abstract class LearningRateSchedule {
  /** The name of the class in saved files. */
  abstract readonly className: string;

  /** The learning rate of a step, counted from 0. It must depend on nothing else, so that a training can be resumed. */
  abstract at(step: number): number;

  /** The options to construct the schedule again with. */
  abstract getConfig(): Readonly<Record<string, unknown>>;
}

/** Options with their defaults. */
type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** A schedule whose config is its options. */
abstract class ConfiguredSchedule<Options extends object> extends LearningRateSchedule {
  protected readonly options: Filled<Options>;

  constructor(options: Filled<Options>) {
    super();
    for (const [name, value] of Object.entries(options)) checkOption(name, value);
    this.options = frozen(options);
  }

  getConfig(): Readonly<Record<string, unknown>> {
    return { ...this.options };
  }
}

/** Checks an option, which may come from a file. @throws ValueError if it is not a finite number, a list of them, a boolean or null. */
function checkOption(name: string, value: unknown): void {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (value === null || typeof value === "boolean" || values.every(Number.isFinite)) return;
  throw valueError(`Argument \`${name}\` of a schedule should be a finite number. Received: ${name}=${show(value)}`);
}

function checkDecaySteps(name: string, value: number): void {
  if (!(typeof value === "number" && value > 0))
    throw valueError(`Argument \`${name}\` must be > 0. Received: ${name}=${show(value)}`);
}

/** The options of `ExponentialDecay` and `InverseTimeDecay`. */
export interface ExponentialDecayOptions {
  /** The learning rate at step 0. */
  readonly initialLearningRate: number;
  /** The number of steps after which `decayRate` has its full effect once, above 0. */
  readonly decaySteps: number;
  /** The decay rate. */
  readonly decayRate: number;
  /** Whether the learning rate changes only at multiples of `decaySteps`. Default: false, at every step. */
  readonly staircase?: boolean | undefined;
}

abstract class DecayByRate extends ConfiguredSchedule<ExponentialDecayOptions> {
  constructor(className: string, options: ExponentialDecayOptions) {
    checkOptions(className, options, { initialLearningRate: true, decaySteps: true, decayRate: true, staircase: true });
    checkDecaySteps("decaySteps", options.decaySteps);
    super({ ...options, staircase: options.staircase ?? false });
  }

  /** The step divided by `decaySteps`, rounded down for a staircase. */
  protected passed(step: number): number {
    const passed = step / this.options.decaySteps;
    return this.options.staircase ? Math.floor(passed) : passed;
  }
}

/** Exponential decay: `initialLearningRate · decayRate ^ (step / decaySteps)`. @throws ValueError if `decaySteps` is not above 0. */
export class ExponentialDecay extends DecayByRate {
  readonly className = "ExponentialDecay";

  constructor(options: ExponentialDecayOptions) {
    super("ExponentialDecay", options);
  }

  at(step: number): number {
    check("at()", "step", step, NUMBER);
    const { initialLearningRate, decayRate } = this.options;
    return initialLearningRate * decayRate ** this.passed(step);
  }
}

/** Inverse time decay: `initialLearningRate / (1 + decayRate · step / decaySteps)`. @throws ValueError if `decaySteps` is not above 0. */
export class InverseTimeDecay extends DecayByRate {
  readonly className = "InverseTimeDecay";

  constructor(options: ExponentialDecayOptions) {
    super("InverseTimeDecay", options);
  }

  at(step: number): number {
    check("at()", "step", step, NUMBER);
    const { initialLearningRate, decayRate } = this.options;
    return initialLearningRate / (1 + decayRate * this.passed(step));
  }
}

/** The options of `PiecewiseConstantDecay`. */
export interface PiecewiseConstantDecayOptions {
  /** The last step of each value but the last one, in ascending order. */
  readonly boundaries: readonly number[];
  /** The learning rates, one more than there are boundaries. */
  readonly values: readonly number[];
}

/**
 * Constant learning rates between boundaries: `values[0]` up to and including step `boundaries[0]`, then `values[1]`, and so on.
 * @throws ValueError if there is not one value more than there are boundaries.
 */
export class PiecewiseConstantDecay extends ConfiguredSchedule<PiecewiseConstantDecayOptions> {
  readonly className = "PiecewiseConstantDecay";

  constructor(options: PiecewiseConstantDecayOptions) {
    checkOptions("PiecewiseConstantDecay", options, { boundaries: true, values: true });
    const { boundaries, values } = options;
    check("PiecewiseConstantDecay", "boundaries", boundaries, NUMBERS);
    check("PiecewiseConstantDecay", "values", values, NUMBERS);
    if (boundaries.length !== values.length - 1) {
      throw valueError(
        "The length of boundaries should be 1 less than the length of values. " +
          `Received: boundaries=${show(boundaries)} of length ${boundaries.length}, and values=${show(values)} of length ${values.length}.`,
      );
    }
    super({ boundaries: [...boundaries], values: [...values] });
  }

  at(step: number): number {
    check("at()", "step", step, NUMBER);
    const { boundaries, values } = this.options;
    const piece = boundaries.findIndex((boundary) => step <= boundary);
    return values.at(piece) ?? NaN;
  }
}

/** The options of `PolynomialDecay`. */
export interface PolynomialDecayOptions {
  /** The learning rate at step 0. */
  readonly initialLearningRate: number;
  /** The number of steps of the decay, above 0. */
  readonly decaySteps: number;
  /** The learning rate at the end of the decay. Default: 0.0001. */
  readonly endLearningRate?: number | undefined;
  /** The power of the polynomial. Default: 1, a straight line. */
  readonly power?: number | undefined;
  /** Whether to decay again after `decaySteps`, each time over a longer time, in place of staying at the end. Default: false. */
  readonly cycle?: boolean | undefined;
}

/**
 * Polynomial decay from one learning rate to another: `(initialLearningRate - endLearningRate) · (1 - step / decaySteps) ^ power +
 * endLearningRate`. @throws ValueError if `decaySteps` is not above 0.
 */
export class PolynomialDecay extends ConfiguredSchedule<PolynomialDecayOptions> {
  readonly className = "PolynomialDecay";

  constructor(options: PolynomialDecayOptions) {
    checkOptions("PolynomialDecay", options, {
      initialLearningRate: true,
      decaySteps: true,
      endLearningRate: true,
      power: true,
      cycle: true,
    });
    checkDecaySteps("decaySteps", options.decaySteps);
    const { endLearningRate = 0.0001, power = 1, cycle = false } = options;
    super({ ...options, endLearningRate, power, cycle });
  }

  at(step: number): number {
    check("at()", "step", step, NUMBER);
    const { initialLearningRate, endLearningRate, decaySteps, power, cycle } = this.options;
    const length = cycle ? decaySteps * (step === 0 ? 1 : Math.ceil(step / decaySteps)) : decaySteps;
    const passed = (cycle ? step : Math.min(step, decaySteps)) / length;
    return (initialLearningRate - endLearningRate) * (1 - passed) ** power + endLearningRate;
  }
}

/** The options of `CosineDecay`. */
export interface CosineDecayOptions {
  /** The learning rate at step 0, where the warm-up starts, if there is one. */
  readonly initialLearningRate: number;
  /** The number of steps of the decay, above 0, not counting the warm-up. */
  readonly decaySteps: number;
  /** The learning rate at the end, as a fraction of the one at the start of the decay. Default: 0. */
  readonly alpha?: number | undefined;
  /** The learning rate at the end of the warm-up. Default: null, no warm-up. */
  readonly warmupTarget?: number | null | undefined;
  /** The number of steps of the warm-up, if there is a `warmupTarget`. Default: 0. */
  readonly warmupSteps?: number | undefined;
}

/**
 * Cosine decay, along half a cosine wave, after an optional linear warm-up (Loshchilov and Hutter 2016).
 * @throws ValueError if `decaySteps` is not above 0.
 */
export class CosineDecay extends ConfiguredSchedule<CosineDecayOptions> {
  readonly className = "CosineDecay";

  constructor(options: CosineDecayOptions) {
    checkOptions("CosineDecay", options, {
      initialLearningRate: true,
      decaySteps: true,
      alpha: true,
      warmupTarget: true,
      warmupSteps: true,
    });
    checkDecaySteps("decaySteps", options.decaySteps);
    const { alpha = 0, warmupTarget = null, warmupSteps = 0 } = options;
    super({ ...options, alpha, warmupTarget, warmupSteps });
  }

  at(step: number): number {
    check("at()", "step", step, NUMBER);
    const { initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps } = this.options;
    const decay = (passed: number, from: number): number => {
      const cosine = 0.5 * (1 + Math.cos((Math.PI * Math.min(passed, decaySteps)) / decaySteps));
      return from * ((1 - alpha) * cosine + alpha);
    };
    if (warmupTarget === null) return decay(step, initialLearningRate);
    if (step < warmupSteps) return (warmupTarget - initialLearningRate) * (step / warmupSteps) + initialLearningRate;
    return decay(step - warmupSteps, warmupTarget);
  }
}

/** The options of `CosineDecayRestarts`. */
export interface CosineDecayRestartsOptions {
  /** The learning rate at step 0. */
  readonly initialLearningRate: number;
  /** The number of steps of the first decay, above 0. */
  readonly firstDecaySteps: number;
  /** The factor by which each decay is longer than the one before. Default: 2. */
  readonly tMul?: number | undefined;
  /** The factor by which each decay starts higher than the one before. Default: 1. */
  readonly mMul?: number | undefined;
  /** The learning rate at the end of each decay, as a fraction of `initialLearningRate`. Default: 0. */
  readonly alpha?: number | undefined;
}

/**
 * Cosine decay with restarts: cosine decays one after the other (Loshchilov and Hutter 2016, SGDR).
 * @throws ValueError if `firstDecaySteps` is not above 0.
 */
export class CosineDecayRestarts extends ConfiguredSchedule<CosineDecayRestartsOptions> {
  readonly className = "CosineDecayRestarts";

  constructor(options: CosineDecayRestartsOptions) {
    checkOptions("CosineDecayRestarts", options, {
      initialLearningRate: true,
      firstDecaySteps: true,
      tMul: true,
      mMul: true,
      alpha: true,
    });
    checkDecaySteps("firstDecaySteps", options.firstDecaySteps);
    const { tMul = 2, mMul = 1, alpha = 0 } = options;
    super({ ...options, tMul, mMul, alpha });
  }

  at(step: number): number {
    check("at()", "step", step, NUMBER);
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha } = this.options;
    const passed = step / firstDecaySteps;
    let restart = Math.floor(passed);
    let fraction = passed - restart;
    if (tMul !== 1) {
      restart = Math.floor(Math.log(1 - passed * (1 - tMul)) / Math.log(tMul));
      fraction = (passed - (1 - tMul ** restart) / (1 - tMul)) / tMul ** restart;
    }
    const cosine = 0.5 * mMul ** restart * (1 + Math.cos(Math.PI * fraction));
    return initialLearningRate * ((1 - alpha) * cosine + alpha);
  }
}
