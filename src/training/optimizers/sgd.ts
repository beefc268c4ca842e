/** Stochastic gradient descent with optional momentum, plain or Nesterov's (keras.optimizers.SGD). */
import { booleanArgument, numberArgument } from "../../layers/arguments.ts";
import { valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { Optimizer, type OptimizerOptions, OPTIMIZER_OPTIONS } from "./optimizer.ts";

/** The options of `SGD`. */
export interface SGDOptions extends OptimizerOptions {
  /** The momentum, from 0 to 1, which adds a part of the last step to each. Default: 0, none. */
  readonly momentum?: number | undefined;
  /** Whether to use Nesterov's momentum. Default: false. */
  readonly nesterov?: boolean | undefined;
}

/** Stochastic gradient descent. Default learning rate: 0.01. @throws ValueError if `momentum` is outside [0, 1]. */
export class SGD extends Optimizer {
  readonly className = "SGD";
  readonly momentum: number;
  readonly nesterov: boolean;

  constructor(options: SGDOptions = {}) {
    checkOptions("SGD", options, { ...OPTIMIZER_OPTIONS, momentum: true, nesterov: true });
    super(options, 0.01);
    this.momentum = numberArgument(options.momentum, "momentum", 0);
    this.nesterov = booleanArgument(options.nesterov, "nesterov", false);
    if (!(this.momentum >= 0 && this.momentum <= 1)) throw valueError("`momentum` must be a float between [0, 1].");
  }

  protected override addVariables(): void {
    if (this.momentum !== 0) this.addSlots("momentum");
  }

  protected override updateStep(gradient: Float32Array, values: Float32Array, rate: number, index: number): void {
    const { momentum, nesterov } = this;
    if (momentum === 0) descend(values, gradient, rate);
    else momentumStep(values, gradient, this.slot("momentum", index), { rate, momentum, nesterov });
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov };
  }
}

function descend(values: Float32Array, gradient: Float32Array, rate: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) - (gradient[i] ?? 0) * rate;
}

function momentumStep(
  values: Float32Array,
  gradient: Float32Array,
  momentums: Float32Array,
  { rate, momentum, nesterov }: { readonly rate: number; readonly momentum: number; readonly nesterov: boolean },
): void {
  for (let i = 0; i < values.length; i++) {
    const step = (gradient[i] ?? 0) * rate;
    const m = (momentums[i] ?? 0) * momentum - step;
    momentums[i] = m;
    const value = values[i] ?? 0;
    values[i] = nesterov ? value + m * momentum - step : value + m;
  }
}
