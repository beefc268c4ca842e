/** The training loop: epochs, batches, callbacks, validation; it can be stopped between any two steps and resumed (keras.Model.fit). */
import { warn } from "#platform";
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import { FLAG, type Kind, LIMIT, NUMBERS, OBJECT, SIGNAL, between, whole } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { fnv1a32 } from "../../core/random.ts";
import { Pauses } from "./pauses.ts";
import { BackupAndRestore } from "../callbacks/backup-and-restore.ts";
import type { Callback, CallbackParams, Logs, TrainingSession } from "../callbacks/callback.ts";
import { type CallbackList, callbacksOf } from "../callbacks/callback-list.ts";
import { History } from "../callbacks/history.ts";
import { ProgressLogger } from "../callbacks/progress-logger.ts";
import { type FeatureSource, featureSource } from "./features.ts";
import {
  type FitOptions,
  type Inputs,
  type Targets,
  arraysOf,
  isInputs,
  sourceOf,
  splitArrays,
  validationSource,
} from "./fit-options.ts";
import { assignWeights, copyWeights } from "./model.ts";
import type { TrainingPrograms } from "./programs.ts";
import { VERBOSITY, verbosity } from "./progress-bar.ts";
import { type Samples, type Source, type TrainingDataset, checkClassWeight, weighted } from "../data/samples.ts";
import { EpochReader, arraySource } from "../data/sources.ts";
import { type StateRecord, arraysIn, listIn, numberIn, numberOrNullIn, recordIn, textIn } from "./state.ts";
import type { Trainer } from "./trainer.ts";

const FEATURE_CACHE = 2 ** 30;

/** Trains on tensors or a data set, and resolves to the record of the epochs. */
export async function fit(
  trainer: Trainer,
  x: Inputs | TrainingDataset,
  y: Targets | undefined,
  options: FitOptions,
): Promise<History> {
  checkOptions("fit()", options, {
    epochs: true,
    batchSize: true,
    verbose: VERBOSITY,
    callbacks: true,
    validationSplit: between(0, 1),
    validationData: true,
    validationSteps: whole(1),
    validationBatchSize: whole(1),
    validationFreq: FREQUENCY,
    shuffle: FLAG,
    classWeight: OBJECT,
    sampleWeight: true,
    initialEpoch: true,
    stepsPerEpoch: true,
    seed: true,
    signal: SIGNAL,
    featureCache: LIMIT,
  });
  return await trainer.exclusively(() => new Fit(trainer, options).run(x, y));
}

const FREQUENCY: Kind = [
  "a whole number of 1 or more, or a list of epochs",
  (value) => whole(1)[1](value) || NUMBERS[1](value),
];

class Fit implements TrainingSession {
  readonly #trainer: Trainer;
  readonly #options: FitOptions;
  readonly #epochs: number;
  readonly #verbose: 0 | 1 | 2;
  #seed: number;
  /** The epoch that comes next. */
  #epoch: number;
  /** The step of the epoch that comes next. */
  #step = 0;
  /** The results of the epoch so far. */
  #logs: Logs = {};
  #reader: EpochReader | undefined;
  readonly #features: FeatureSource[] = [];
  #position = { pass: 0, batch: 0 };
  #callbacks: readonly Callback[] = [];
  #saidNaN = false;
  /** Whether it was said that a pass ended within an epoch. */
  #saidOver = false;
  readonly #pauses = new Pauses();

  constructor(trainer: Trainer, options: FitOptions) {
    this.#trainer = trainer;
    this.#options = options;
    this.#epochs = wholeNumber(options.epochs ?? 1, "epochs");
    this.#epoch = wholeNumber(options.initialEpoch ?? 0, "initialEpoch");
    this.#verbose = verbosity(options.verbose);
    this.#seed = wholeNumber(options.seed ?? Math.floor(Math.random() * 2 ** 32), "seed");
    this.#position = { pass: this.#epoch, batch: 0 };
  }

  async run(x: Inputs | TrainingDataset, y: Targets | undefined): Promise<History> {
    const { model } = this.#trainer;
    const { signal } = this.#options;
    const [source, validation] = this.#sources(x, y);
    const steps = this.#options.stepsPerEpoch ?? source.steps;
    const programs = await this.#prepare(source);
    const history = new History();
    const list = this.#callbackList(history, { epochs: this.#epochs, steps, verbose: this.#verbose, session: this });
    model.history = history;
    model.stopTraining = false;
    try {
      let logs: Logs = {};
      await list.call("onTrainBegin", {});
      const training = await this.#withFeatures(source, programs, "training");
      const validating = validation && (await this.#withFeatures(validation, programs, "validation"));
      this.#reader = new EpochReader(training.source, this.#options.stepsPerEpoch);
      this.#reader.position = this.#position;
      while (this.#epoch < this.#epochs && !model.stopTraining) {
        const epoch = this.#epoch;
        const found = await this.#trainEpoch(epoch, training, list, programs);
        if (found === undefined) break;
        logs = found;
        if (validating !== undefined && this.#validatesAfter(epoch)) {
          const { validationSteps } = this.#options;
          const validated = await this.#trainer.evaluateSource(
            validating.source,
            validating.hasFeatures,
            list,
            validationSteps,
            signal,
          );
          for (const [name, value] of Object.entries(validated)) logs[`val_${name}`] = value;
        }
        this.#epoch = epoch + 1;
        this.#step = 0;
        await list.callAt("onEpochEnd", epoch, logs);
      }
      await list.call("onTrainEnd", logs);
      return history;
    } finally {
      await this.#reader?.close();
      for (const features of this.#features) await features.close();
      this.#trainer.release();
    }
  }

  /** Trains for the rest of an epoch and returns its results, or undefined if there is no data left. */
  async #trainEpoch(
    epoch: number,
    { source, hasFeatures }: Prepared,
    list: CallbackList,
    programs: TrainingPrograms,
  ): Promise<Logs | undefined> {
    const trainer = this.#trainer;
    const { objectives, model } = trainer;
    const { signal, classWeight, stepsPerEpoch } = this.#options;
    if (this.#step === 0) objectives.reset();
    await list.callAt("onEpochBegin", epoch, {});
    for await (const samples of this.#reader?.epoch(epoch, this.#step) ?? []) {
      await this.#pauses.takeIfDue();
      signal?.throwIfAborted();
      const step = this.#step;
      await list.callAt("onTrainBatchBegin", step, {});
      const features = hasFeatures ? samples.x : await programs.features(trainer.inputs(samples));
      const seed = fnv1a32(`${this.#seed}/${epoch}/${step}`);
      await trainer.trainStep({ ...weighted(samples, classWeight), x: features }, programs, seed);
      this.#step = step + 1;
      this.#logs = objectives.logs();
      this.#sayNaN(epoch, step, this.#logs);
      await list.callAt("onTrainBatchEnd", step, { ...this.#logs });
      if (model.stopTraining) break;
    }
    const isOver = stepsPerEpoch !== undefined && this.#step < stepsPerEpoch;
    if (this.#step === 0 && !isOver && epoch === (this.#options.initialEpoch ?? 0)) {
      throw valueError("There is nothing to learn from: the data set has no batches.");
    }
    if ((this.#step === 0 || isOver) && !model.stopTraining) {
      const goesOn = this.#step > 0 && source.repeats;
      if (!goesOn || !this.#saidOver) {
        warn(
          `Your input ran out of data; ${goesOn ? "ending the epoch" : "interrupting training"}. Make sure that your dataset or generator ` +
            "can generate at least `stepsPerEpoch * epochs` batches, or can be iterated again for every epoch.",
        );
      }
      this.#saidOver = true;
      model.stopTraining = !goesOn;
      if (this.#step === 0) return undefined;
    }
    return { ...this.#logs };
  }

  #sources(x: Inputs | TrainingDataset, y: Targets | undefined): readonly [Source, Source | undefined] {
    const { validationSplit = 0, validationData, batchSize, sampleWeight, shuffle = true } = this.#options;
    const { validationBatchSize = batchSize, classWeight } = this.#options;
    if (classWeight !== undefined && sampleWeight !== undefined) {
      throw valueError("You cannot `classWeight` and `sampleWeight` at the same time.");
    }
    checkClassWeight(classWeight);
    const seed = (): number => this.#seed;
    const validation = validationData === undefined ? undefined : validationSource(validationData, validationBatchSize);
    if (validationSplit === 0 || validation !== undefined) {
      return [sourceOf(x, y, { batchSize, sampleWeight, shuffle, seed }), validation];
    }
    if (!isInputs(x)) {
      throw valueError("Argument `validationSplit` is only supported for tensors. Received a dataset.");
    }
    const [first, last] = splitArrays(arraysOf(x, y, sampleWeight), validationSplit);
    return [
      arraySource(first, { batchSize: batchSize ?? 32, shuffle, seed }),
      arraySource(last, { batchSize: validationBatchSize ?? 32, shuffle: false, seed }),
    ];
  }

  /** Makes the programs and the optimizer's variables. A model without an input shape is built for that of the first batch. */
  async #prepare(source: Source): Promise<TrainingPrograms> {
    let first: Samples | undefined;
    if (!this.#trainer.model.built) {
      for await (const samples of source.inOrder()) {
        first = samples;
        break;
      }
    }
    const programs = await this.#trainer.prepare(first);
    this.#trainer.buildOptimizer(programs);
    return programs;
  }

  /** The source of cached features if the model has a frozen part whose features can be reused, else the source itself. */
  async #withFeatures(source: Source, programs: TrainingPrograms, what: string): Promise<Prepared> {
    const { featureCache = FEATURE_CACHE, signal } = this.#options;
    const passes = this.#epochs - this.#epoch;
    if (!programs.hasFrozenPart || !source.deterministic || featureCache === 0 || passes < 2) {
      return { source, hasFeatures: false };
    }
    const cached = await featureSource(
      source,
      async (samples) => await programs.features(this.#trainer.inputs(samples)),
      { maxBytes: featureCache, seed: () => this.#seed, verbose: this.#verbose, what, signal },
    );
    if (cached === undefined) return { source, hasFeatures: false };
    this.#features.push(cached);
    return { source: cached.source, hasFeatures: true };
  }

  #callbackList(history: History, params: CallbackParams): CallbackList {
    const given = callbacksOf(this.#options.callbacks);
    const bar = this.#verbose === 0 || given.some((one) => one instanceof ProgressLogger) ? [] : [new ProgressLogger()];
    // Backups come last, so that they include what all other callbacks did after a step.
    const last = given.filter((one) => one instanceof BackupAndRestore);
    const others = given.filter((one) => !(one instanceof BackupAndRestore));
    this.#callbacks = [...others, history, ...bar, ...last];
    return this.#trainer.callbackList(this.#callbacks, params);
  }

  #validatesAfter(epoch: number): boolean {
    const frequency = this.#options.validationFreq ?? 1;
    return typeof frequency === "number" ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);
  }

  #sayNaN(epoch: number, step: number, { loss }: Logs): void {
    if (this.#saidNaN || !Number.isNaN(loss)) return;
    this.#saidNaN = true;
    warn(
      `The loss is NaN at batch ${step} of epoch ${epoch + 1}. The learning rate may be too large, or the data may have NaN in it; ` +
        "the callback TerminateOnNaN ends such a training.",
    );
  }

  getState(): StateRecord {
    const { model, optimizer, objectives } = this.#trainer;
    const { iterations, learningRate, slots } = optimizer.state;
    return {
      seed: this.#seed,
      epoch: this.#epoch,
      step: this.#step,
      position: { ...(this.#reader?.position ?? this.#position) },
      logs: { ...this.#logs },
      stopTraining: model.stopTraining,
      weights: copyWeights(model),
      optimizer: { iterations, learningRate, slots },
      objectives: objectives.getState(),
      callbacks: this.#counted().map((callback) => ({ name: callback.constructor.name, state: callback.getState() })),
    };
  }

  setState(state: StateRecord): void {
    const before = this.getState();
    try {
      this.#assign(state);
    } catch (error) {
      // An incomplete state is noticed half-way, and must change nothing.
      this.#assign(before);
      throw error;
    }
  }

  #assign(state: StateRecord): void {
    const { model, optimizer, objectives } = this.#trainer;
    const weights = arraysIn(state, "weights");
    // Callbacks of the same class in their order; the others begin anew.
    const stored = listIn(state, "callbacks").map((one) => ({
      name: textIn(one, "name"),
      state: recordIn(one, "state"),
    }));
    const resumed = this.#counted().map((callback) => {
      const at = stored.findIndex(({ name }) => name === callback.constructor.name);
      return { callback, state: at < 0 ? undefined : stored.splice(at, 1)[0]?.state };
    });
    if (weights.length !== model.weights.length || weights.some(({ length }, i) => length !== model.weights[i]?.size)) {
      throw otherTraining(
        `it has ${weights.length} weights, model '${model.name}' has ${model.weights.length}, or others`,
      );
    }
    const kept = recordIn(state, "optimizer");
    optimizer.state = {
      iterations: numberIn(kept, "iterations"),
      learningRate: numberOrNullIn(kept, "learningRate"),
      slots: arraysIn(kept, "slots"),
    };
    assignWeights(model, weights);
    objectives.setState(recordIn(state, "objectives"));
    for (const one of resumed) if (one.state !== undefined) one.callback.setState(one.state);
    const position = recordIn(state, "position");
    this.#position = { pass: numberIn(position, "pass"), batch: numberIn(position, "batch") };
    this.#seed = numberIn(state, "seed");
    this.#epoch = numberIn(state, "epoch");
    this.#step = numberIn(state, "step");
    const logs = recordIn(state, "logs");
    this.#logs = Object.fromEntries(Object.keys(logs).map((name) => [name, numberIn(logs, name)]));
    model.stopTraining = state["stopTraining"] === true;
  }

  /** The callbacks whose state is backed up: all but progress bars and the backups themselves. */
  #counted(): readonly Callback[] {
    return this.#callbacks.filter((one) => !(one instanceof ProgressLogger) && !(one instanceof BackupAndRestore));
  }
}

interface Prepared {
  readonly source: Source;
  readonly hasFeatures: boolean;
}

function otherTraining(why: string): MobileNetV2Error {
  return new MobileNetV2Error(
    "StateError",
    `The backup is of another training: ${why}. Train with the same arguments, or remove the backup.`,
  );
}

function wholeNumber(value: number, argument: string): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw valueError(`\`${argument}\` should be a whole number of 0 or more. Received: ${argument}=${show(value)}`);
}
