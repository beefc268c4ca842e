/** Models that can be trained (keras.Model's compile, fit, evaluate); the code for training is loaded when it is first used. */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import { type Kind, NUMBER, OBJECT, TEXT } from "../core/kinds.ts";
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

const OPTIMIZER: Kind = [
  "a name or an instance",
  (value) => TEXT[1](value) || (OBJECT[1](value) && !Array.isArray(value)),
];

/** Something, or lists and objects of it, as Keras takes them for several outputs. */
function nested(words: string, leaf: Kind): Kind {
  const test = (value: unknown): boolean => {
    if (Array.isArray(value)) return Array.from(value).every(test);
    if (value === null || value === undefined) return true;
    const isPlain = Object.getPrototypeOf(value) === Object.prototype;
    return isPlain ? Object.values(value).every(test) : leaf[1](value);
  };
  return [`${words}, or a list or an object of such`, test];
}

/** A model that can be compiled, trained and evaluated. */
export abstract class TrainableModel extends BaseModel {
  #setup: CompileOptions | FromFile | undefined;
  #made: Promise<Trainer> | undefined;
  #trainer: Trainer | undefined;
  /** The record of the last `fit`. */
  history: History | undefined;
  /** Whether `fit` stops after the current batch or epoch; a callback sets it to true. */
  stopTraining = false;

  /** Whether `compile` was called, or the model was loaded with a training configuration. */
  get compiled(): boolean {
    return this.#setup !== undefined;
  }

  /** The optimizer. It is undefined before the first use if `compile` was given its name, or a file. */
  get optimizer(): Optimizer | undefined {
    if (this.#trainer !== undefined) return this.#trainer.optimizer;
    const setup = this.#setup;
    if (setup === undefined || "training" in setup) return undefined;
    return typeof setup.optimizer === "object" ? setup.optimizer : undefined;
  }

  /** The mean loss and, after the first batch, the metrics of `compile`. */
  get metrics(): readonly Metric[] {
    return this.#trainer?.metrics ?? [];
  }

  protected override optimizerSizes(): readonly number[] | undefined {
    const { optimizer } = this;
    return optimizer?.built === true ? optimizer.variables.map(({ value }) => value.size) : undefined;
  }

  /**
   * Configures the model for training with an optimizer, a loss and metrics. Their names are checked when the model is first trained or
   * evaluated. Call it again after `trainable` of a layer was changed, since an optimizer can only update the weights it started with.
   */
  compile(options: CompileOptions = {}): void {
    checkOptions("compile()", options, {
      optimizer: OPTIMIZER,
      loss: nested("a loss or its name", OPTIMIZER),
      lossWeights: nested("a number", NUMBER),
      metrics: nested("a metric or its name", OPTIMIZER),
      weightedMetrics: nested("a metric or its name", OPTIMIZER),
    });
    this.#compileAs(frozen(options));
  }

  /**
   * Compiles the model with the training configuration of a file, for the weights that are trainable now. The optimizer with its saved
   * state, the loss and the metrics are made when the model is first trained or evaluated.
   */
  compileFromFile(training: StoredTraining): void {
    this.#compileAs({ training, weights: this.trainableWeights });
  }

  /**
   * The training configuration for a file: optimizer, loss, metrics, and the optimizer's variables. It is undefined if the model is not
   * compiled or, with a warning, if the optimizer or the loss is of a class of your own.
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
   * Trains the model for a number of epochs, on tensors or on a data set. Trainable BatchNormalization layers normalize by the statistics of
   * the batch. If the first layers are frozen and the samples are the same in every epoch, the features of the frozen part are computed once.
   *
   * `x` is a tensor [samples, …], a list of them for several inputs, or a data set of batches with their targets; `y` is a tensor or a list of
   * numbers, one target for each sample, or a list of tensors for several outputs.
   *
   * @returns the loss and the metrics of every epoch, as `history`
   * @throws ValueError if `compile` was not called, or data or an option does not fit; StateError if the model is being trained or was
   *   disposed of; the reason of `signal` once it is aborted
   */
  fit(x: TrainingDataset, options?: FitOptions): Promise<History>;
  fit(x: Inputs | TrainingDataset, y: Targets | undefined, options?: FitOptions): Promise<History>;
  async fit(x: Inputs | TrainingDataset, second?: Targets | FitOptions, third: FitOptions = {}): Promise<History> {
    const [y, options] = isOptions(second) ? [undefined, second] : [second, third];
    const trainer = await this.#usable();
    const { fit } = await import("../training/loop/fit.ts");
    return await fit(trainer, x, y, options);
  }

  /** Computes the loss and the metrics, by name, over tensors or a data set, in inference mode. Arguments and errors are those of `fit`. */
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

  /** Trains one step on a batch, and returns the loss and the metrics of the batch, computed before the step. Errors are those of `fit`. */
  async trainOnBatch(x: Inputs, y?: Targets, options: TrainOnBatchOptions = {}): Promise<Logs> {
    return await (await this.#usable()).trainOnBatch(x, y, options);
  }

  /** Computes the loss and the metrics of one batch, in inference mode. Errors are those of `fit`. */
  async testOnBatch(x: Inputs, y?: Targets, options: TestOnBatchOptions = {}): Promise<Logs> {
    return await (await this.#usable()).testOnBatch(x, y, options);
  }

  override dispose(): void {
    this.#trainer?.end("disposed of");
    super.dispose();
  }

  /** The trainer. @throws ValueError if the model is not compiled; StateError if it was disposed of. */
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
      // A file's configuration that failed once would fail again, so the model is no longer compiled.
      if (made === this.#made && "training" in setup) this.#compileAs(undefined);
      throw error;
    }
    throw new MobileNetV2Error("StateError", `Model '${this.name}' was compiled anew before it was used.`);
  }
}

/** Whether an argument is options rather than targets. */
function isOptions<T extends object>(value: Targets | T | undefined): value is T {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype &&
    !("length" in value)
  );
}
