/** Models that can be trained (keras.Model's compile, fit, evaluate). What trains is loaded with the first use. */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import type { SavedTraining, StoredTraining } from "../saving/checkpoint.ts";
import type { Logs } from "../training/callbacks/callback.ts";
import type { History } from "../training/callbacks/history.ts";
import type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  Inputs,
  Targets,
  TestOnBatchOptions,
  TrainOnBatchOptions,
} from "../training/loop/fit-options.ts";
import type { Metric } from "../training/metrics/metric.ts";
import type { Optimizer } from "../training/optimizers/optimizer.ts";
import type { TrainingDataset } from "../training/data/samples.ts";
import type { Trainer } from "../training/loop/trainer.ts";
import { BaseModel } from "./base-model.ts";
import type { FromFile } from "./compiled/trainer-of.ts";

export abstract class TrainableModel extends BaseModel {
  #setup: CompileOptions | FromFile | undefined;
  #made: Promise<Trainer> | undefined;
  #trainer: Trainer | undefined;
  /** What the last `fit` logged. */
  history: History | undefined;
  /** Set it in a callback to end `fit` after the batch, or the epoch. */
  stopTraining = false;

  get compiled(): boolean {
    return this.#setup !== undefined;
  }

  /** That of `compile`; where a name was given to it, or a file says it, undefined before the first use. */
  get optimizer(): Optimizer | undefined {
    if (this.#trainer !== undefined) return this.#trainer.optimizer;
    const setup = this.#setup;
    if (setup === undefined || "training" in setup) return undefined;
    return typeof setup.optimizer === "object" ? setup.optimizer : undefined;
  }

  /** The mean loss and the metrics of `compile`; what shapes decide is known after the first batch. */
  get metrics(): readonly Metric[] {
    return this.#trainer?.metrics ?? [];
  }

  /**
   * Says how the model is trained: optimizer, loss, metrics. Names are checked with the first use. Call it again after `trainable` of a layer was
   * set: an optimizer is for the weights that it began with.
   */
  compile(options: CompileOptions = {}): void {
    checkOptions("compile()", options, {
      optimizer: true,
      loss: true,
      lossWeights: true,
      metrics: true,
      weightedMetrics: true,
    });
    this.#compileAs(options);
  }

  /**
   * Compiles the model as a file says. With the first use its objects are made, and the optimizer takes the values that it had for the
   * weights that are trainable now.
   */
  compileFromFile(training: StoredTraining): void {
    this.#compileAs({ training, weights: this.trainableWeights });
  }

  /**
   * How the model is trained, as files say it: optimizer, loss, metrics, and the optimizer's variables. Undefined where it was not
   * compiled, and, after a warning, where a class of your own is in it.
   */
  async describeTraining(): Promise<SavedTraining | undefined> {
    if (!this.compiled) return undefined;
    const [trainer, { describeTraining }] = await Promise.all([
      this.#compiled(),
      import("./compiled/describe-training.ts"),
    ]);
    return describeTraining(trainer);
  }

  #compileAs(setup: CompileOptions | FromFile | undefined): void {
    this.#trainer?.end("compiled anew");
    this.#setup = setup;
    this.#made = undefined;
    this.#trainer = undefined;
  }

  /**
   * Trains on arrays or on a data set, for `epochs`; resolves to what was logged. Weights are assigned to in place; BatchNormalization
   * normalizes by the batch where it is trainable. What a frozen part makes of the samples is computed once, where they are the same in
   * every epoch.
   *
   * @throws ValueError where `compile` was not called, or data does not fit; the reason of `signal`.
   */
  fit(x: TrainingDataset, options?: FitOptions): Promise<History>;
  fit(x: Inputs | TrainingDataset, y: Targets | undefined, options?: FitOptions): Promise<History>;
  async fit(x: Inputs | TrainingDataset, second?: Targets | FitOptions, third: FitOptions = {}): Promise<History> {
    const [y, options] = isOptions(second) ? [undefined, second] : [second, third];
    const trainer = await this.#usable();
    const { fit } = await import("../training/loop/fit.ts");
    return await fit(trainer, x, y, options);
  }

  /** The loss and the metrics over arrays or a data set, in inference mode. @throws ValueError as `fit` does. */
  evaluate(x: TrainingDataset, options?: EvaluateOptions): Promise<Logs>;
  evaluate(x: Inputs | TrainingDataset, y: Targets | undefined, options?: EvaluateOptions): Promise<Logs>;
  async evaluate(
    x: Inputs | TrainingDataset,
    second?: Targets | EvaluateOptions,
    third: EvaluateOptions = {},
  ): Promise<Logs> {
    const [y, options] = isOptions(second) ? [undefined, second] : [second, third];
    return await (await this.#usable()).evaluate(x, y, options);
  }

  /** A single step on one batch; the loss and the metrics of that batch. */
  async trainOnBatch(x: Inputs, y?: Targets, options: TrainOnBatchOptions = {}): Promise<Logs> {
    return await (await this.#usable()).trainOnBatch(x, y, options);
  }

  /** The loss and the metrics of one batch, in inference mode. */
  async testOnBatch(x: Inputs, y?: Targets, options: TestOnBatchOptions = {}): Promise<Logs> {
    return await (await this.#usable()).testOnBatch(x, y, options);
  }

  override dispose(): void {
    this.#trainer?.end("disposed of");
    super.dispose();
  }

  /** What trains, unless the model was disposed of: then it can be saved only. */
  async #usable(): Promise<Trainer> {
    this.checkNotDisposed();
    const trainer = await this.#compiled();
    this.checkNotDisposed();
    return trainer;
  }

  async #compiled(): Promise<Trainer> {
    const setup = this.#setup;
    if (setup === undefined) throw valueError("You must call `compile()` before using the model.");
    this.#made ??= import("./compiled/trainer-of.ts").then(({ trainerOf }) => trainerOf(this, setup));
    const made = this.#made;
    try {
      const trainer = await made;
      if (made === this.#made) return (this.#trainer = trainer);
    } catch (error) {
      // What a file says is no better the next time.
      if (made === this.#made && "training" in setup) this.#compileAs(undefined);
      throw error;
    }
    throw new MobileNetV2Error("StateError", `Model '${this.name}' was compiled anew before it was used.`);
  }
}

/** Options rather than targets. */
function isOptions<T extends object>(value: Targets | T | undefined): value is T {
  return typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype && !("length" in value);
}
