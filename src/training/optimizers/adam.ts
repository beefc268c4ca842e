/** The Adam and AdamW optimizers (keras.optimizers.Adam, AdamW; Kingma and Ba 2014, Loshchilov and Hutter 2017). */
import { valueError } from "../../core/errors.ts";
import { type Names, checkOptions } from "../../core/options.ts";
import { booleanArgument, numberArgument } from "../../layers/arguments.ts";
import { Optimizer, type OptimizerOptions, OPTIMIZER_OPTIONS } from "./optimizer.ts";

/** The options of `Adam` and `AdamW`. */
export interface AdamOptions extends OptimizerOptions {
  /** The exponential decay rate of the moving mean of the gradients. Default: 0.9. */
  readonly beta1?: number | undefined;
  /** The exponential decay rate of the moving mean of the squared gradients. Default: 0.999. */
  readonly beta2?: number | undefined;
  /** A small number added to the divisor, the root of the mean square ("epsilon hat" in Kingma and Ba's paper). Default: 1e-7. */
  readonly epsilon?: number | undefined;
  /** Whether to divide by the root of the largest mean square so far (AMSGrad, Reddi et al. 2018). Default: false. */
  readonly amsgrad?: boolean | undefined;
}

const ADAM_OPTIONS: Names<AdamOptions> = {
  ...OPTIMIZER_OPTIONS,
  beta1: true,
  beta2: true,
  epsilon: true,
  amsgrad: true,
};

/** The Adam optimizer, which adapts each weight's step to moving means of its gradients and of their squares. Default learning rate: 0.001. */
export class Adam extends Optimizer {
  readonly className: string = "Adam";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;

  constructor(options: AdamOptions = {}) {
    checkOptions("Adam", options, ADAM_OPTIONS);
    super(options, 0.001);
    this.beta1 = numberArgument(options.beta1, "beta1", 0.9);
    this.beta2 = numberArgument(options.beta2, "beta2", 0.999);
    this.epsilon = numberArgument(options.epsilon, "epsilon", 1e-7);
    this.amsgrad = booleanArgument(options.amsgrad, "amsgrad", false);
  }

  protected override addVariables(): void {
    this.addSlots("momentum", "velocity");
    if (this.amsgrad) this.addSlots("velocity_hat");
  }

  protected override updateStep(gradient: Float32Array, values: Float32Array, rate: number, index: number): void {
    const step = this.iterations + 1;
    const alpha = (rate * Math.sqrt(1 - this.beta2 ** step)) / (1 - this.beta1 ** step);
    const [rate1, rate2, epsilon] = [1 - this.beta1, 1 - this.beta2, this.epsilon];
    const momentums = this.slot("momentum", index);
    const velocities = this.slot("velocity", index);
    const hats = this.amsgrad ? this.slot("velocity_hat", index) : undefined;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i] ?? 0;
      const m = (momentums[i] ?? 0) + (g - (momentums[i] ?? 0)) * rate1;
      const v = (velocities[i] ?? 0) + (g * g - (velocities[i] ?? 0)) * rate2;
      momentums[i] = m;
      velocities[i] = v;
      let square = v;
      if (hats !== undefined) {
        square = Math.max(hats[i] ?? 0, v);
        hats[i] = square;
      }
      values[i] = (values[i] ?? 0) - (m * alpha) / (Math.sqrt(square) + epsilon);
    }
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    const { beta1, beta2, epsilon, amsgrad } = this;
    return { ...super.getConfig(), beta1, beta2, epsilon, amsgrad };
  }
}

/** Adam with decoupled weight decay. Default learning rate: 0.001; default weight decay: 0.004. */
export class AdamW extends Adam {
  override readonly className = "AdamW";

  /** @throws ValueError for `weightDecay: null`. */
  constructor(options: AdamOptions = {}) {
    checkOptions("AdamW", options, ADAM_OPTIONS);
    if (options.weightDecay === null) {
      throw valueError("Argument `weightDecay` must be a float. Received: weightDecay=null");
    }
    super({ ...options, weightDecay: options.weightDecay ?? 0.004 });
  }
}
