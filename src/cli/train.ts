/** The command `train`: a MobileNetV2 for the user's own pictures, by a recipe that suits most; it can be interrupted and taken up again. */
import { existsSync } from "node:fs";
import { writeBytes } from "#platform";
import {
  Adam,
  type Callback,
  CosineDecay,
  EarlyStopping,
  type History,
  type Model,
  MobileNetV2Error,
  type PhaseResult,
  type Split,
  type TrainingPhase,
  enableWideSimd,
  fitInPhases,
  labelsText,
  stratifiedSplit,
} from "../index.ts";
import { downloadBar } from "./download-bar.ts";
import { printable } from "./format.ts";
import { interruptible } from "./interruption.ts";
import { preparationOf } from "./preparation.ts";
import { styleFor } from "./style.ts";
import { Tally } from "./tally.ts";
import { type TrainTarget, TrainFolder, type TrainPlan, stemOf, targetOf } from "./train-folder.ts";
import { type ModelToTrain, firstLayer, modelToTrain, setLearning } from "./train-model.ts";
import { trainPage } from "./train-page.ts";
import { TrainingPictures, findPictures, fingerprintOf } from "./train-pictures.ts";
import {
  DEFAULTS,
  type PhaseRecipe,
  type Recipe,
  type TrainSettings,
  augmentationsOf,
  augmentNames,
  isFromScratch,
  recipeFor,
} from "./train-recipe.ts";
import { type Training, environmentFacts, trainingJson, trainingText } from "./train-report.ts";
import { thumbnails } from "./train-thumbnails.ts";

export interface TrainOptions extends TrainSettings {
  readonly output: string;
  readonly strict?: boolean;
  readonly threads?: number;
  /** Seconds. */
  readonly saveEvery?: number;
  readonly resume?: boolean;
  readonly restart?: boolean;
  readonly json?: boolean;
}

export async function train(folder: string, options: TrainOptions): Promise<void> {
  const started = performance.now();
  const target = await targetOf(options.output);
  const interrupted = await TrainFolder.interrupted(target.folder);
  if (interrupted === undefined && options.resume === true && existsSync(target.output)) {
    process.stderr.write(`There is nothing to resume: ${printable(target.output)} is done.\n`);
    return;
  }
  const isResumed = interrupted !== undefined && options.restart !== true;
  if (isResumed && options.resume !== true) {
    throw new MobileNetV2Error(
      "StateError",
      `A training of ${target.output} was interrupted; what it has learned is in ${target.folder}. Go on with --resume, or begin anew with --restart.`,
    );
  }
  const settings = isResumed ? resumedSettings(interrupted, options) : settingsOf(options);
  checkSettings(settings);
  const found = await findPictures(folder);
  const plan: TrainPlan = { version: 1, settings, pictures: await fingerprintOf(found) };
  if (isResumed && plan.pictures !== interrupted.pictures) {
    throw new MobileNetV2Error(
      "StateError",
      `The pictures in ${found.folder} are not those that the interrupted training has seen. Begin anew with --restart.`,
    );
  }
  const place = isResumed ? TrainFolder.existing(target.folder) : await TrainFolder.create(target.folder, plan);
  try {
    const training = await interruptible(async ({ signal }) => {
      const pictures = await TrainingPictures.read(found, preparation(settings), {
        strict: options.strict === true,
        signal,
      });
      return await new Run({ target, place, settings, options, pictures, signal, isResumed, started }).run();
    });
    const { style, text } = { style: styleFor(process.stdout), text: options.json === true };
    process.stdout.write(`${text ? trainingJson(training) : trainingText(training, style)}\n`);
  } catch (error) {
    throw await afterwards(error, place, target);
  }
}

/** What was learned is kept, and said; where nothing was, nothing is left. */
async function afterwards(failure: unknown, place: TrainFolder, { folder }: TrainTarget): Promise<unknown> {
  const kept = await TrainFolder.interrupted(folder);
  if (kept === undefined) await place.remove();
  const isInterrupted = failure instanceof Error && failure.name === "Interrupted";
  if (!isInterrupted && !(failure instanceof MobileNetV2Error)) return failure;
  const after =
    kept === undefined
      ? isInterrupted
        ? " before anything was learned"
        : ""
      : `${isInterrupted ? "." : ""} What was learned is in ${folder}: go on with the same command and --resume.`;
  failure.message += after;
  return failure;
}

function preparation({ size = DEFAULTS.size }: TrainSettings): ReturnType<typeof preparationOf> {
  return preparationOf({ rows: size, cols: size, colorMode: "rgb" }, {});
}

const SETTINGS = [
  "alpha",
  "size",
  "weights",
  "fromScratch",
  "validationSplit",
  "fineTuneFrom",
  "epochs",
  "learningRate",
  "batchSize",
  "dropout",
  "augment",
  "classWeights",
  "seed",
] as const satisfies readonly (keyof TrainSettings)[];

function settingsOf(options: TrainOptions): TrainSettings {
  return Object.fromEntries(SETTINGS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}

/** The settings that a training was begun with. @throws ValueError where the command says otherwise. */
function resumedSettings({ settings }: TrainPlan, options: TrainOptions): TrainSettings {
  for (const name of SETTINGS) {
    const given = options[name];
    if (given === undefined || given === settings[name]) continue;
    const option = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new MobileNetV2Error(
      "ValueError",
      `The interrupted training was begun ${settings[name] === undefined ? `without ${option}` : `with ${option} ${settings[name]}`}: ` +
        "leave it as it was (without any options it is), or begin anew with --restart.",
    );
  }
  return settings;
}

/** @throws ValueError for what is wrong whatever the pictures are. */
function checkSettings(settings: TrainSettings): void {
  augmentNames(settings.augment ?? DEFAULTS.augment);
  if (isFromScratch(settings) && settings.fineTuneFrom !== undefined) {
    throw new MobileNetV2Error(
      "ValueError",
      "--from-scratch (or --weights none) trains all layers: --fine-tune-from does not go with it.",
    );
  }
}

interface RunParts {
  readonly target: TrainTarget;
  readonly place: TrainFolder;
  readonly settings: TrainSettings;
  readonly options: TrainOptions;
  readonly pictures: TrainingPictures;
  readonly signal: AbortSignal;
  readonly isResumed: boolean;
  readonly started: number;
}

class Run {
  readonly #parts: RunParts;
  readonly #size: number;
  readonly #split: Split;
  readonly #recipe: Recipe;

  constructor(parts: RunParts) {
    this.#parts = parts;
    const { pictures, settings } = parts;
    const { labels } = pictures.found;
    this.#size = settings.size ?? DEFAULTS.size;
    const { validationSplit = DEFAULTS.validationSplit, seed = DEFAULTS.seed } = settings;
    this.#split = stratifiedSplit(labels, validationSplit, seed);
    const { training, validation } = this.#split;
    this.#recipe = recipeFor(
      settings,
      pictures.counts(training),
      training.map((place) => labels[place] ?? 0),
      validation.length > 0,
    );
  }

  async run(): Promise<Training> {
    const { target, place, settings, options, pictures, signal, isResumed } = this.#parts;
    const { classNames } = pictures.found;
    enableWideSimd();
    const { dropout, seed } = this.#recipe;
    const bar = downloadBar();
    const made = await modelToTrain(
      { name: stemOf(target.output), settings, size: this.#size, dropout, seed, classNames, threads: options.threads },
      { signal, onProgress: (progress) => bar.update(progress) },
    ).finally(() => bar.stop());
    const { model, base } = made;
    for (const { from } of this.#recipe.phases) if (from !== undefined && from !== "") firstLayer(base, from);
    try {
      const results = await fitInPhases(
        model,
        this.#recipe.phases.map((phase) => this.#phase(phase, made)),
        {
          folder: place.path,
          signal,
          ...(options.saveEvery !== undefined && { interval: options.saveEvery * 1000 }),
          onPhase: ({ name }) => this.#sayPhase(name),
        },
      );
      const evaluated = this.#split.validation.length > 0 ? this.#split.validation : this.#split.training;
      const tally = await this.#tally(model, evaluated);
      const training = this.#training(made, results, tally, isResumed);
      await this.#write(training, model);
      return training;
    } finally {
      model.dispose();
    }
  }

  #phase(phase: PhaseRecipe, { model, base }: ModelToTrain): TrainingPhase {
    const { keeps } = this;
    return {
      name: phase.name,
      run: (backup) => this.#fit(phase, model, base, backup),
      // The first has nothing to go back to that knows anything.
      ...(phase.name === "fine-tuning" && phase.patience !== undefined && { keeps }),
    };
  }

  /** Fine-tuning is kept where it made the validation better. */
  readonly keeps: NonNullable<TrainingPhase["keeps"]> = ({ val_loss: after = [] }, before) => {
    const known = before.at(-1)?.logged["val_loss"] ?? [];
    return Math.min(...after) <= Math.min(...known);
  };

  async #fit(phase: PhaseRecipe, model: Model, base: Model, backup: Callback): Promise<History> {
    const { pictures, signal } = this.#parts;
    const { batchSize, classWeight, augment, seed } = this.#recipe;
    const { epochs, stepsPerEpoch, learningRate, warmupSteps, patience, patientUntil } = phase;
    setLearning(base, phase.from);
    const decaySteps = Math.max(1, epochs * stepsPerEpoch - warmupSteps);
    const schedule =
      warmupSteps === 0
        ? new CosineDecay({ initialLearningRate: learningRate, decaySteps })
        : new CosineDecay({ initialLearningRate: 0, warmupTarget: learningRate, warmupSteps, decaySteps });
    model.compile({
      optimizer: new Adam({ learningRate: schedule }),
      loss: "sparse_categorical_crossentropy",
      metrics: ["accuracy"],
    });
    const plain = pictures.dataset(this.#split.training, { batchSize, shuffle: true, seed });
    const dataset = phase.augments ? plain.augment(augmentationsOf(augment, this.#size), { seed }) : plain;
    const validationData =
      this.#split.validation.length > 0
        ? pictures.dataset(this.#split.validation, { batchSize, shuffle: false, seed })
        : undefined;
    const stopping =
      patience === undefined
        ? []
        : [
            new EarlyStopping({
              monitor: "val_loss",
              patience,
              startFromEpoch: patientUntil,
              restoreBestWeights: true,
            }),
          ];
    return await model.fit(dataset, {
      epochs,
      validationData,
      classWeight,
      callbacks: [...stopping, backup],
      seed,
      signal,
    });
  }

  #sayPhase(name: string): void {
    const phase = this.#recipe.phases.find((one) => one.name === name);
    if (!process.stderr.isTTY || phase === undefined) return;
    const what =
      phase.from === undefined
        ? "The head learns; the MobileNetV2 stays as it is."
        : phase.from === ""
          ? "All layers learn."
          : `The layers from ${phase.from} on learn too, by small steps.`;
    process.stderr.write(`${styleFor(process.stderr).bold(what)}\n`);
  }

  async #tally(model: Model, places: Int32Array): Promise<Tally> {
    const { pictures, signal } = this.#parts;
    const { found } = pictures;
    const { batchSize, seed } = this.#recipe;
    const tally = new Tally(found.classNames);
    const dataset = pictures.dataset(places, { batchSize, shuffle: false, seed });
    for await (const { x, y, indices } of dataset) {
      signal.throwIfAborted();
      const { data } = await model.predict(x);
      const classes = found.classNames.length;
      for (const [sample, index] of (indices ?? []).entries()) {
        tally.add(
          dataset.filePaths?.[index] ?? "",
          y?.data[sample] ?? 0,
          data.subarray(sample * classes, (sample + 1) * classes),
        );
      }
    }
    return tally;
  }

  #training(
    { model, alpha, weights }: ModelToTrain,
    results: readonly PhaseResult[],
    tally: Tally,
    isResumed: boolean,
  ): Training {
    const { target, pictures, settings, started } = this.#parts;
    const { training, validation } = this.#split;
    return {
      target,
      folder: pictures.found.folder,
      classNames: pictures.found.classNames,
      counts: { training: pictures.counts(training), validation: pictures.counts(validation) },
      empty: pictures.found.empty,
      unreadable: pictures.unreadable,
      model: { name: model.name, alpha, size: this.#size, weights, parameters: model.countParams() },
      settings,
      recipe: this.#recipe,
      phases: results,
      tally,
      isResumed,
      environment: environmentFacts(model.threads),
      milliseconds: performance.now() - started,
    };
  }

  async #write(training: Training, model: Model): Promise<void> {
    const { target, place, pictures } = this.#parts;
    const { output, labels, report } = target;
    const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
    await place.deliver([report, labels, output], async (at) => {
      const page = trainPage(training, await thumbnails(training.tally.mistakes, pictures.found.folder));
      await writeBytes(at(report), bytesOf(page));
      await writeBytes(at(labels), bytesOf(labelsText(training.classNames)));
      await model.save(at(output));
    });
  }
}
