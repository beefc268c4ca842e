/** A callback that sets the learning rate of every epoch (keras.callbacks.LearningRateScheduler). */
import { print } from "#platform";
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import { FUNCTION, VERBOSE, check } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import type { TrainedModel } from "../loop/model.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { Callback, type Logs } from "./callback.ts";

/** Sets the learning rate at the start of every epoch, and adds it to the logs as `learning_rate`. */
export class LearningRateScheduler extends Callback {
  readonly schedule: (epoch: number, learningRate: number) => number;
  readonly verbose: number;

  /**
   * `schedule` takes the epoch, from 0, and the current learning rate, and returns the new one: `fit` throws a ValueError if that is not a
   * finite number. `verbose` is 0 (silent, the default) or 1 (prints a line for each epoch).
   */
  constructor(
    schedule: (epoch: number, learningRate: number) => number,
    options: { readonly verbose?: number | undefined } = {},
  ) {
    checkOptions("LearningRateScheduler", options, { verbose: VERBOSE });
    super();
    check("LearningRateScheduler", "schedule", schedule, FUNCTION);
    this.schedule = schedule;
    this.verbose = options.verbose ?? 0;
  }

  override onEpochBegin(epoch: number): void {
    const optimizer = optimizerOfModel(this.model);
    const rate: unknown = this.schedule(epoch, optimizer.learningRate);
    if (typeof rate !== "number" || !Number.isFinite(rate)) {
      throw valueError(`The output of the \`schedule\` function should be a float. Got: ${show(rate)}`);
    }
    optimizer.learningRate = rate;
    if (this.verbose > 0) print(`\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${rate}.\n`);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    logs["learning_rate"] = optimizerOfModel(this.model).learningRate;
  }
}

/** The optimizer that a model is trained with. @throws StateError if the model is not compiled. */
export function optimizerOfModel(model: TrainedModel): Optimizer {
  if (model.optimizer !== undefined) return model.optimizer;
  throw new MobileNetV2Error("StateError", `Model '${model.name}' has no optimizer: it was not compiled.`);
}
