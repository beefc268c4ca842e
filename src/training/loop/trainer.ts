/** A compiled model's single steps, and `evaluate` (keras.src.trainers.trainer); the loop of `fit` is in fit.ts. */
import { warn } from "#platform";
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import { OBJECT, SIGNAL } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { fnv1a32 } from "../../core/random.ts";
import type { Tensor } from "../../core/tensor.ts";
import { batchesOf } from "../../graph/batches.ts";
import type { MakeDifferentiator } from "../../graph/differentiator.ts";
import { leafLayers } from "../../graph/leaf-layers.ts";
import type { Weight } from "../../layers/weight.ts";
import { Pauses } from "./pauses.ts";
import type { Callback, CallbackParams, Logs } from "../callbacks/callback.ts";
import { CallbackList, callbacksOf } from "../callbacks/callback-list.ts";
import { ProgressLogger } from "../callbacks/progress-logger.ts";
import { differentiatorOf } from "../../engine/differentiator-of.ts";
import {
  type CompileOptions,
  type EvaluateOptions,
  type Inputs,
  type Targets,
  type TestOnBatchOptions,
  type TrainOnBatchOptions,
  arraysOf,
  sourceOf,
} from "./fit-options.ts";
import type { Metric } from "../metrics/metric.ts";
import type { TrainedModel } from "./model.ts";
import { Objectives } from "./objectives.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { optimizerOf } from "../optimizers/optimizers.ts";
import { TrainingPrograms, predictedOf } from "./programs.ts";
import { VERBOSITY, verbosity } from "./progress-bar.ts";
import { type Samples, type Source, type TrainingDataset, checkClassWeight, weighted } from "../data/samples.ts";

/** Trains and evaluates a compiled model, one call at a time. */
export class Trainer {
  readonly model: TrainedModel;
  readonly optimizer: Optimizer;
  readonly options: CompileOptions;
  readonly #make: MakeDifferentiator;
  #objectives: Objectives | undefined;
  #programs: TrainingPrograms | undefined;
  #busy = false;
  /** What ended the trainer's work, such as `disposed of`; undefined while it may go on. */
  #ended: string | undefined;
  /** Whether a training waits for its callbacks. */
  #isPaused = false;
  /** The evaluation that a callback is running meanwhile. */
  #guestEvaluation: Promise<unknown> | undefined;

  /** @throws ValueError for an unknown optimizer. */
  constructor(model: TrainedModel, options: CompileOptions, make: MakeDifferentiator = differentiatorOf) {
    this.model = model;
    this.options = options;
    this.#make = make;
    this.optimizer = optimizerOf(options.optimizer ?? "rmsprop");
  }

  /** The mean loss and, after the first batch, the metrics. */
  get metrics(): readonly Metric[] {
    return this.#objectives?.metrics ?? [];
  }

  /** The loss and the metrics over tensors or a data set, in inference mode. Callbacks may call it during a training. */
  async evaluate(x: Inputs | TrainingDataset, y: Targets | undefined, options: EvaluateOptions): Promise<Logs> {
    checkOptions("evaluate()", options, {
      batchSize: true,
      sampleWeight: true,
      steps: true,
      callbacks: true,
      verbose: VERBOSITY,
      signal: SIGNAL,
    });
    return await this.#aloneOrInCallback(async () => {
      const { steps } = options;
      if (steps !== undefined && !(Number.isInteger(steps) && steps > 0)) {
        throw valueError(`\`steps\` should be a whole number of 1 or more. Received: steps=${show(steps)}`);
      }
      const source = sourceOf(x, y, { ...options, shuffle: false, seed: () => 0 });
      const params = {
        epochs: 1,
        steps: steps ?? source.steps,
        verbose: verbosity(options.verbose),
        session: undefined,
      };
      const bar = params.verbose === 0 ? [] : [new ProgressLogger()];
      const list = this.callbackList([...callbacksOf(options.callbacks), ...bar], params);
      return await this.evaluateSource(source, false, list, steps, options.signal);
    });
  }

  /** Trains one step on a batch; the results are those of the batch, before the step. */
  async trainOnBatch(x: Inputs, y: Targets | undefined, options: TrainOnBatchOptions): Promise<Logs> {
    checkOptions("trainOnBatch()", options, { sampleWeight: true, classWeight: OBJECT });
    return await this.exclusively(async () => {
      if (options.classWeight !== undefined && options.sampleWeight !== undefined) {
        throw valueError("Arguments `sampleWeight` and `classWeight` cannot be specified at the same time.");
      }
      checkClassWeight(options.classWeight);
      const samples = weighted(arraysOf(x, y, options.sampleWeight), options.classWeight);
      const programs = await this.prepare(samples);
      this.objectives.reset();
      const features = await programs.features(this.inputs(samples));
      this.buildOptimizer(programs);
      await this.trainStep({ ...samples, x: features }, programs, fnv1a32(`step/${this.optimizer.iterations}`));
      return this.objectives.logs();
    });
  }

  /** The loss and the metrics of one batch, in inference mode. */
  async testOnBatch(x: Inputs, y: Targets | undefined, options: TestOnBatchOptions): Promise<Logs> {
    checkOptions("testOnBatch()", options, { sampleWeight: true });
    return await this.exclusively(async () => {
      const samples = arraysOf(x, y, options.sampleWeight);
      const programs = await this.prepare(samples);
      this.objectives.reset();
      await this.#testStep(samples, await programs.features(this.inputs(samples)), programs);
      return this.objectives.logs();
    });
  }

  // What follows is for the loop of `fit`.

  /** The losses and metrics. */
  get objectives(): Objectives {
    this.#objectives ??= new Objectives(
      this.options,
      this.model.outputs.map(({ node }) => node.layer.name),
    );
    return this.#objectives;
  }

  /** The programs for the layers that are trainable now. A model without an input shape is built for that of the samples. */
  async prepare(samples?: Samples): Promise<TrainingPrograms> {
    if (!this.model.built && samples !== undefined) {
      this.model.build(samples.x.map(({ shape }) => [null, ...shape.slice(1)]));
    }
    this.#checkNotEnded();
    if (this.#programs?.fits(this.model) === true) return this.#programs;
    this.release();
    const programs = await TrainingPrograms.create(this.model, this.#make);
    this.#programs = programs;
    if (this.#ended !== undefined) this.release();
    return programs;
  }

  /** The inputs of samples, checked against the model's input shapes. */
  inputs(samples: Samples): readonly Tensor[] {
    return batchesOf(samples.x, this.model);
  }

  /** Makes the optimizer's variables. @throws ValueError if they were made for other weights before. */
  buildOptimizer({ weights }: { readonly weights: readonly Weight[] }): void {
    if (weights.length === 0) warn("The model does not have any trainable weights.");
    if (!this.optimizer.built) this.optimizer.build(weights, this.#pathsOf(weights));
    this.optimizer.checkKnown(weights);
  }

  /** The paths of weights, `layer/weight`, by which optimizers name their variables. */
  #pathsOf(weights: readonly Weight[]): readonly string[] {
    const paths = new Map(
      leafLayers(this.model).flatMap(([, layer]) =>
        layer.weights.map((weight) => [weight, `${layer.name}/${weight.name}`] as const),
      ),
    );
    return weights.map((weight) => paths.get(weight) ?? weight.name);
  }

  /** Trains one step; the inputs of the samples are features. */
  async trainStep(samples: Samples, programs: TrainingPrograms, seed: number): Promise<void> {
    this.#checkNotEnded();
    const { weights, penalties } = programs;
    if (weights.length === 0) {
      await this.#testStep(samples, samples.x, programs);
      return;
    }
    const { y, sampleWeight } = samples;
    const penalty = penalties.loss;
    let update: (() => void) | undefined;
    const differentiator = await programs.differentiator();
    const { weights: gradients } = await differentiator.run(
      samples.x,
      (evaluated) => {
        const predicted = predictedOf(evaluated);
        const objective = this.objectives.evaluate(predicted, y, sampleWeight);
        update = () => this.objectives.update(objective.loss + penalty, objective, predicted, y, sampleWeight);
        return objective.gradients();
      },
      { seed },
    );
    update?.();
    penalties.addTo(gradients);
    this.optimizer.apply(gradients, weights);
  }

  /** Evaluates a source in inference mode; `hasFeatures` means that its inputs are features of the frozen part. */
  async evaluateSource(
    source: Source,
    hasFeatures: boolean,
    list: CallbackList,
    steps: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Logs> {
    const pauses = new Pauses();
    await list.call("onTestBegin", {});
    let step = 0;
    let logs: Logs = {};
    let programs: TrainingPrograms | undefined;
    for await (const samples of source.inOrder()) {
      await pauses.takeIfDue();
      signal?.throwIfAborted();
      if (programs === undefined) {
        programs = await this.prepare(hasFeatures ? undefined : samples);
        this.objectives.reset();
      }
      await list.callAt("onTestBatchBegin", step, {});
      await this.#testStep(samples, hasFeatures ? samples.x : await programs.features(this.inputs(samples)), programs);
      logs = this.objectives.logs();
      await list.callAt("onTestBatchEnd", step, logs);
      if (++step === steps) break;
    }
    if (step === 0) throw valueError("There is nothing to evaluate: the data set has no batches.");
    await list.call("onTestEnd", logs);
    return logs;
  }

  async #testStep(samples: Samples, features: readonly Tensor[], programs: TrainingPrograms): Promise<void> {
    this.#checkNotEnded();
    const { y, sampleWeight } = samples;
    const predicted = await programs.predict(features);
    const objective = this.objectives.evaluate(predicted, y, sampleWeight);
    this.objectives.update(objective.loss + programs.penalties.loss, objective, predicted, y, sampleWeight);
  }

  /** Frees the memory of the programs; the next step makes them again. */
  release(): void {
    this.#programs?.dispose();
    this.#programs = undefined;
  }

  /** Frees the memory for good: a training or evaluation in progress fails, at its next step at the latest. */
  end(why: string): void {
    this.#ended = why;
    this.release();
  }

  /** @throws StateError once the trainer's work has ended. */
  #checkNotEnded(cause?: unknown): void {
    if (this.#ended === undefined) return;
    const message = `Model '${this.model.name}' was ${this.#ended} while it was being trained or evaluated.`;
    throw new MobileNetV2Error("StateError", message, { cause });
  }

  /** The callbacks of a training, which waits for them, and for any evaluation they start, before it continues. */
  callbackList(callbacks: readonly Callback[], params: CallbackParams): CallbackList {
    return new CallbackList(callbacks, this.model, params, async (run) => {
      if (this.#isPaused) {
        await run();
        return;
      }
      this.#isPaused = true;
      try {
        await run();
      } finally {
        await this.#guestEvaluation?.catch(() => undefined);
        this.#isPaused = false;
      }
    });
  }

  /** Runs alone, or within a callback of a training, one evaluation at a time, after which the training's metrics are restored. */
  async #aloneOrInCallback<T>(run: () => Promise<T>): Promise<T> {
    if (!this.#isPaused || this.#guestEvaluation !== undefined) return await this.exclusively(run);
    const { objectives } = this;
    const before = objectives.getState();
    const evaluation = run().finally(() => {
      this.#guestEvaluation = undefined;
      objectives.setState(before);
    });
    this.#guestEvaluation = evaluation;
    return await evaluation;
  }

  /** Runs a function that must not overlap with other work of this model. @throws StateError if there is some. */
  async exclusively<T>(run: () => Promise<T>): Promise<T> {
    if (this.#busy) {
      throw new MobileNetV2Error(
        "StateError",
        `Model '${this.model.name}' is being trained or evaluated. Wait for that, or make another model.`,
      );
    }
    this.#busy = true;
    try {
      this.#checkNotEnded();
      return await run();
    } catch (error) {
      // If an engine was disposed of during a step, the error should name the model, not the engine.
      if (error instanceof MobileNetV2Error && error.code === "StateError") this.#checkNotEnded(error);
      throw error;
    } finally {
      this.#busy = false;
    }
  }
}
