/** Learning rates that change with the step (keras.optimizers.schedules, in float64). */
import { show, valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";

/** The learning rate of each step, counted from 0. Extend it, or give an optimizer a function of the step. */
export abstract class LearningRateSchedule {
  abstract readonly className: string;

  /** The learning rate of the step; a function of nothing else, so that a training can be taken up again. */
  abstract at(step: number): number;

  /** The arguments to make the schedule again. */
  abstract getConfig(): Readonly<Record<string, unknown>>;
}

/** Options with their defaults. */
type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** A schedule that its options alone describe. */
abstract class ConfiguredSchedule<Options extends object> extends LearningRateSchedule {
  protected readonly options: Filled<Options>;

  constructor(options: Filled<Options>) {
    super();
    for (const [name, value] of Object.entries(options)) checkOption(name, value);
    this.options = options;
  }

  getConfig(): Readonly<Record<string, unknown>> {
    return { ...this.options };
  }
}

/** Files and programs may say anything. */
function checkOption(name: string, value: unknown): void {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (value === null || typeof value === "boolean" || values.every(Number.isFinite)) return;
  throw valueError(`Argument \`${name}\` of a schedule should be a finite number. Received: ${name}=${show(value)}`);
}

function checkDecaySteps(name: string, value: number): void {
  if (!(value > 0)) throw valueError(`Argument \`${name}\` must be > 0. Received: ${name}=${show(value)}`);
}

export interface ExponentialDecayOptions {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Whether the rate changes only at whole multiples of `decaySteps`. Default: false. */
  readonly staircase?: boolean | undefined;
}

abstract class DecayByRate extends ConfiguredSchedule<ExponentialDecayOptions> {
  constructor(className: string, options: ExponentialDecayOptions) {
    checkOptions(className, options, { initialLearningRate: true, decaySteps: true, decayRate: true, staircase: true });
    checkDecaySteps("decaySteps", options.decaySteps);
    super({ ...options, staircase: options.staircase ?? false });
  }

  /** How many times `decaySteps` the step is. */
  protected passed(step: number): number {
    const passed = step / this.options.decaySteps;
    return this.options.staircase ? Math.floor(passed) : passed;
  }
}

/** `initialLearningRate · decayRate ^ (step / decaySteps)`. */
export class ExponentialDecay extends DecayByRate {
  readonly className = "ExponentialDecay";

  constructor(options: ExponentialDecayOptions) {
    super("ExponentialDecay", options);
  }

  at(step: number): number {
    const { initialLearningRate, decayRate } = this.options;
    return initialLearningRate * decayRate ** this.passed(step);
  }
}

/** `initialLearningRate / (1 + decayRate · step / decaySteps)`. */
export class InverseTimeDecay extends DecayByRate {
  readonly className = "InverseTimeDecay";

  constructor(options: ExponentialDecayOptions) {
    super("InverseTimeDecay", options);
  }

  at(step: number): number {
    const { initialLearningRate, decayRate } = this.options;
    return initialLearningRate / (1 + decayRate * this.passed(step));
  }
}

export interface PiecewiseConstantDecayOptions {
  /** Steps, rising: up to and with each of them the value at its place holds. */
  readonly boundaries: readonly number[];
  /** One more than boundaries. */
  readonly values: readonly number[];
}

/** Steps of constant rates. */
export class PiecewiseConstantDecay extends ConfiguredSchedule<PiecewiseConstantDecayOptions> {
  readonly className = "PiecewiseConstantDecay";

  constructor(options: PiecewiseConstantDecayOptions) {
    checkOptions("PiecewiseConstantDecay", options, { boundaries: true, values: true });
    const { boundaries, values } = options;
    if (boundaries.length !== values.length - 1) {
      throw valueError(
        "The length of boundaries should be 1 less than the length of values. " +
          `Received: boundaries=${show(boundaries)} of length ${boundaries.length}, and values=${show(values)} of length ${values.length}.`,
      );
    }
    super({ boundaries: [...boundaries], values: [...values] });
  }

  at(step: number): number {
    const { boundaries, values } = this.options;
    const piece = boundaries.findIndex((boundary) => step <= boundary);
    return values.at(piece) ?? NaN;
  }
}

export interface PolynomialDecayOptions {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  /** Default: 0.0001. */
  readonly endLearningRate?: number | undefined;
  /** Default: 1, a straight line. */
  readonly power?: number | undefined;
  /** Whether to begin again, with ever longer decays, after `decaySteps`. Default: false. */
  readonly cycle?: boolean | undefined;
}

/** From one rate to another by a power of the part that is left. */
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
    const { initialLearningRate, endLearningRate, decaySteps, power, cycle } = this.options;
    const length = cycle ? decaySteps * (step === 0 ? 1 : Math.ceil(step / decaySteps)) : decaySteps;
    const passed = (cycle ? step : Math.min(step, decaySteps)) / length;
    return (initialLearningRate - endLearningRate) * (1 - passed) ** power + endLearningRate;
  }
}

export interface CosineDecayOptions {
  /** The rate at step 0: where the warm-up begins, if there is one. */
  readonly initialLearningRate: number;
  /** The steps of the decay, after those of the warm-up. */
  readonly decaySteps: number;
  /** What is left at the end, as a part of the rate that the decay began with. Default: 0. */
  readonly alpha?: number | undefined;
  /** The rate at the end of the warm-up. Default: no warm-up. */
  readonly warmupTarget?: number | null | undefined;
  /** Default: 0. */
  readonly warmupSteps?: number | undefined;
}

/** Half a cosine wave down, after a straight line up where there is a warm-up (Loshchilov and Hutter 2016). */
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

export interface CosineDecayRestartsOptions {
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  /** How many times as long each decay is as the one before. Default: 2. */
  readonly tMul?: number | undefined;
  /** How many times as high each decay begins as the one before. Default: 1. */
  readonly mMul?: number | undefined;
  /** What is left at the end of each, as a part of its beginning. Default: 0. */
  readonly alpha?: number | undefined;
}

/** Cosine decays one after the other. */
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
