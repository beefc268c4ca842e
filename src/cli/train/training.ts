/** A training by the recipe, from the weights it begins with to the files it writes. */
import { writeBytes } from "#platform";
import {
  Adam,
  type Callback,
  CosineDecay,
  EarlyStopping,
  type History,
  type Model,
  type PhaseResult,
  type Progress,
  type Split,
  type TrainingPhase,
  enableWideSimd,
  fitInPhases,
  labelsText,
  stratifiedSplit,
} from "../../index.ts";
import { downloadBar } from "../terminal/download-bar.ts";
import { preparationOf } from "../preparation.ts";
import { styleFor } from "../terminal/style.ts";
import { Tally } from "../tally.ts";
import { type TrainFolder, type TrainTarget, stemOf } from "./folder.ts";
import { type Base, firstLayer, loadBase, setLearning, withHead } from "../train-model.ts";
import { trainPage } from "./page.ts";
import { type FoundPictures, TrainingPictures } from "./pictures.ts";
import {
  DEFAULTS,
  type PhaseRecipe,
  type Recipe,
  type TrainSettings,
  augmentationsOf,
  isFromScratch,
  recipeFor,
} from "../train-recipe.ts";
import { type Training, environmentFacts } from "./report.ts";
import { thumbnails } from "./thumbnails.ts";

/** What does not change the result. */
export interface RunOptions {
  readonly strict?: boolean;
  readonly threads?: number;
  /** Seconds. */
  readonly saveEvery?: number;
}

/**
 * The most that features take in memory, in bytes, those of what is held out apart: 52,000 vectors of 1,280 numbers. What is read from a file
 * instead costs next to nothing beside a step.
 */
const FEATURES_KEPT = 2 ** 28;

export interface TrainingRun {
  readonly target: TrainTarget;
  readonly place: TrainFolder;
  readonly settings: TrainSettings;
  readonly options: RunOptions;
  readonly found: FoundPictures;
  readonly signal: AbortSignal;
  readonly isResumed: boolean;
  readonly started: number;
}

/** What is wrong with weights and options is found before the pictures are read, which may take long. */
export async function runTraining(run: TrainingRun): Promise<Training> {
  const { settings, options, found, signal } = run;
  const { size = DEFAULTS.size, seed = DEFAULTS.seed, fineTuneFrom = DEFAULTS.fineTuneFrom } = settings;
  enableWideSimd();
  const bar = downloadBar();
  const loading = { signal, onProgress: (progress: Progress) => bar.update(progress) };
  const base = await loadBase({ settings, size, seed, threads: options.threads }, loading).finally(() => bar.stop());
  if (!isFromScratch(settings) && fineTuneFrom !== "none") firstLayer(base.base, fineTuneFrom);
  const preparation = preparationOf({ rows: size, cols: size, colorMode: "rgb" }, {});
  const pictures = await TrainingPictures.read(found, preparation, { strict: options.strict === true, signal });
  return await new Run({ ...run, size, base, pictures }).run();
}

interface RunParts extends TrainingRun {
  readonly size: number;
  readonly base: Base;
  readonly pictures: TrainingPictures;
}

class Run {
  readonly #parts: RunParts;
  readonly #split: Split;
  readonly #recipe: Recipe;

  constructor(parts: RunParts) {
    this.#parts = parts;
    const { pictures, settings } = parts;
    const { labels } = pictures.found;
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
    const { target, place, settings, options, pictures, signal, base, size } = this.#parts;
    const { dropout, seed } = this.#recipe;
    const { classNames } = pictures.found;
    const name = stemOf(target.output);
    const model = withHead(base, { name, settings, size, dropout, seed, classNames, threads: options.threads });
    try {
      const results = await fitInPhases(
        model,
        this.#recipe.phases.map((phase) => this.#phase(phase, model)),
        {
          folder: place.path,
          signal,
          ...(options.saveEvery !== undefined && { interval: options.saveEvery * 1000 }),
          onPhase: (phase) => this.#sayPhase(phase.name),
        },
      );
      // Where the last one was done already, nothing has said what learns in it; that is written, too.
      setLearning(base.base, this.#recipe.phases.at(-1)?.from);
      const evaluated = this.#split.validation.length > 0 ? this.#split.validation : this.#split.training;
      const tally = await this.#tally(model, evaluated);
      const training = this.#training(model, results, tally);
      await this.#write(training, model);
      return training;
    } finally {
      model.dispose();
    }
  }

  #phase(phase: PhaseRecipe, model: Model): TrainingPhase {
    const { keeps } = this;
    return {
      name: phase.name,
      run: (backup) => this.#fit(phase, model, backup),
      // The first has nothing to go back to that knows anything.
      ...(phase.name === "fine-tuning" && phase.patience !== undefined && { keeps }),
    };
  }

  /** Fine-tuning is kept where it made the validation better. */
  readonly keeps: NonNullable<TrainingPhase["keeps"]> = ({ val_loss: after = [] }, before) => {
    const known = before.at(-1)?.logged["val_loss"] ?? [];
    return Math.min(...after) <= Math.min(...known);
  };

  async #fit(phase: PhaseRecipe, model: Model, backup: Callback): Promise<History> {
    const { pictures, signal, base } = this.#parts;
    const { batchSize, classWeight, augment, seed } = this.#recipe;
    const { epochs, stepsPerEpoch, learningRate, warmupSteps, patience, patientUntil } = phase;
    setLearning(base.base, phase.from);
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
    const dataset = phase.augments ? plain.augment(augmentationsOf(augment, this.#parts.size), { seed }) : plain;
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
      featureCache: FEATURES_KEPT,
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

  #training(model: Model, results: readonly PhaseResult[], tally: Tally): Training {
    const { target, pictures, settings, size, base, isResumed, started } = this.#parts;
    const { training, validation } = this.#split;
    return {
      target,
      folder: pictures.found.folder,
      classNames: pictures.found.classNames,
      counts: { training: pictures.counts(training), validation: pictures.counts(validation) },
      empty: pictures.found.empty,
      unreadable: pictures.unreadable,
      model: { name: model.name, alpha: base.alpha, size, weights: base.weights, parameters: model.countParams() },
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
      // Those who get it predict: it stays as small as the model.
      await model.save(at(output), { includeOptimizer: false });
    });
  }
}
