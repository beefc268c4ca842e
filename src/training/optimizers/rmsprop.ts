/** The RMSprop optimizer (keras.optimizers.RMSprop; Hinton 2012). */
import { checkOptions } from "../../core/options.ts";
import { booleanArgument, numberArgument } from "../../layers/arguments.ts";
import { Optimizer, type OptimizerOptions, OPTIMIZER_OPTIONS } from "./optimizer.ts";

/** The options of `RMSprop`. */
export interface RMSpropOptions extends OptimizerOptions {
  /** The decay rate of the moving mean of the squared gradients. Default: 0.9. */
  readonly rho?: number | undefined;
  /** The momentum, which adds a part of the last step to each. Default: 0, none. */
  readonly momentum?: number | undefined;
  /** A small number added to the mean square before its root is taken. Default: 1e-7. */
  readonly epsilon?: number | undefined;
  /** Whether to divide by the root of the gradients' variance in place of their mean square. Default: false. */
  readonly centered?: boolean | undefined;
}

/** The RMSprop optimizer, which divides gradients by the root of a moving mean of their squares. Default learning rate: 0.001. */
export class RMSprop extends Optimizer {
  readonly className = "RMSprop";
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;

  constructor(options: RMSpropOptions = {}) {
    checkOptions("RMSprop", options, {
      ...OPTIMIZER_OPTIONS,
      rho: true,
      momentum: true,
      epsilon: true,
      centered: true,
    });
    super(options, 0.001);
    this.rho = numberArgument(options.rho, "rho", 0.9);
    this.momentum = numberArgument(options.momentum, "momentum", 0);
    this.epsilon = numberArgument(options.epsilon, "epsilon", 1e-7);
    this.centered = booleanArgument(options.centered, "centered", false);
  }

  protected override addVariables(): void {
    this.addSlots("velocity");
    if (this.momentum > 0) this.addSlots("momentum");
    if (this.centered) this.addSlots("average_gradient");
  }

  protected override updateStep(gradient: Float32Array, values: Float32Array, rate: number, index: number): void {
    const { rho, epsilon, momentum } = this;
    const velocities = this.slot("velocity", index);
    const momentums = momentum > 0 ? this.slot("momentum", index) : undefined;
    const averages = this.centered ? this.slot("average_gradient", index) : undefined;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i] ?? 0;
      const velocity = rho * (velocities[i] ?? 0) + (1 - rho) * g * g;
      velocities[i] = velocity;
      let square = velocity;
      if (averages !== undefined) {
        const average = rho * (averages[i] ?? 0) + (1 - rho) * g;
        averages[i] = average;
        square -= average * average;
      }
      let step = (rate * g) / Math.sqrt(square + epsilon);
      if (momentums !== undefined) {
        step += momentum * (momentums[i] ?? 0);
        momentums[i] = step;
      }
      values[i] = (values[i] ?? 0) - step;
    }
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    const { rho, momentum, epsilon, centered } = this;
    return { ...super.getConfig(), rho, momentum, epsilon, centered };
  }
}
