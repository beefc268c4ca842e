/** A training by the schedule, from the weights it begins with to the files it writes. */
import { writeBytes } from "#platform";
import { MobileNetV2Error } from "../../core/errors.ts";
import { enableWideSimd } from "../../engine/wide-simd.ts";
import type { Model } from "../../models/model.ts";
import { labelsText } from "../../saving/labels/labels.ts";
import { preparationOf } from "../../tasks/preparation.ts";
import { Tally } from "../../tasks/tally.ts";
import { type TransferBase, loadBase } from "../../tasks/transfer/base.ts";
import { firstLayer, setLearning, withHead } from "../../tasks/transfer/head.ts";
import { transferPhases } from "../../tasks/transfer/phase.ts";
import { type TransferSchedule, transferSchedule } from "../../tasks/transfer/schedule.ts";
import { TRANSFER_DEFAULTS as DEFAULTS, type TransferSettings, isFromScratch } from "../../tasks/transfer/settings.ts";
import { type Split, stratifiedSplit } from "../../training/data/stratified-split.ts";
import { type PhaseResult, fitInPhases } from "../../training/loop/phases.ts";
import { NAME } from "../terminal/arguments.ts";
import { downloadBar } from "../terminal/download-bar.ts";
import { styleFor } from "../terminal/style.ts";
import { type TrainFolder, type TrainTarget, stemOf } from "./folder.ts";
import { trainPage } from "./page.ts";
import { type FoundPictures, TrainingPictures } from "./pictures.ts";
import { type Training, environmentFacts } from "./report.ts";
import { type TrainSettings, transferSettings } from "./settings.ts";
import { thumbnails } from "./thumbnails.ts";

/** What does not change the result. */
export interface RunOptions {
  readonly strict?: boolean;
  readonly threads?: number;
  /** How often the state is kept, in seconds. */
  readonly saveEvery?: number;
}

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

/** Trains. What is wrong with weights and options is found before the pictures are read, which may take long. */
export async function runTraining(run: TrainingRun): Promise<Training> {
  const { options, found, signal } = run;
  const settings = transferSettings(run.settings);
  const {
    alpha,
    size = DEFAULTS.size,
    weights,
    pixels,
    fromScratch,
    seed,
    fineTuneFrom = DEFAULTS.fineTuneFrom,
  } = settings;
  enableWideSimd();
  const bar = downloadBar(run.settings.weights);
  const onProgress = bar.update.bind(bar);
  const { threads } = options;
  const base = await loadBase({ alpha, size, weights, pixels, fromScratch, seed, threads, signal, onProgress }).finally(
    () => bar.stop(),
  );
  if (!isFromScratch(settings) && fineTuneFrom !== null) requireLayer(base, fineTuneFrom);
  const preparation = preparationOf({ rows: size, cols: size, colorMode: "rgb" }, {});
  const pictures = await TrainingPictures.read(found, preparation, { strict: options.strict === true, signal });
  return await new Run({ ...run, transfer: settings, size, base, pictures }).run();
}

/** @throws ValueError that says where the names of layers are to be seen, if there is none of that name. */
function requireLayer({ base }: TransferBase, name: string): void {
  try {
    firstLayer(base, name);
  } catch (error) {
    if (!(error instanceof MobileNetV2Error)) throw error;
    const message = error.message.replace(/\.$/, ` (see: ${NAME} summary --no-top).`);
    throw new MobileNetV2Error(error.code, message, { cause: error });
  }
}

interface RunParts extends TrainingRun {
  /** The settings as the transfer takes them. */
  readonly transfer: TransferSettings;
  readonly size: number;
  readonly base: TransferBase;
  readonly pictures: TrainingPictures;
}

class Run {
  readonly #parts: RunParts;
  readonly #split: Split;
  readonly #recipe: TransferSchedule;

  constructor(parts: RunParts) {
    this.#parts = parts;
    const { pictures, transfer } = parts;
    const { labels } = pictures.found;
    const { validationSplit = DEFAULTS.validationSplit, seed = DEFAULTS.seed } = transfer;
    this.#split = stratifiedSplit(labels, validationSplit, seed);
    const { training, validation } = this.#split;
    this.#recipe = transferSchedule(transfer, {
      counts: pictures.counts(training),
      labels: training.map((place) => labels[place] ?? 0),
      validates: validation.length > 0,
    });
  }

  async run(): Promise<Training> {
    const { target, place, transfer, options, pictures, signal, base, size } = this.#parts;
    const { weights, fromScratch } = transfer;
    const { dropout, seed, batchSize } = this.#recipe;
    const { classNames } = pictures.found;
    const name = stemOf(target.output);
    const { threads } = options;
    const model = withHead(base, { name, size, weights, fromScratch, dropout, seed, classNames, threads });
    const { training: learned, validation: held } = this.#split;
    const phases = transferPhases({
      base,
      model,
      schedule: this.#recipe,
      size,
      training: pictures.dataset(learned, { batchSize, shuffle: true, seed }),
      validation: held.length > 0 ? pictures.dataset(held, { batchSize, shuffle: false, seed }) : undefined,
      signal,
    });
    try {
      const results = await fitInPhases(model, phases, {
        folder: place.path,
        signal,
        ...(options.saveEvery !== undefined && { interval: options.saveEvery * 1000 }),
        onPhase: (phase) => this.#sayPhase(phase.name),
      });
      // If the last phase was done already, nothing has set what learns in it; the file says that, too.
      setLearning(base.base, this.#recipe.phases.at(-1)?.from);
      const tally = await this.#tally(model, held.length > 0 ? held : learned);
      const training = this.#training(model, results, tally);
      await this.#write(training, model);
      return training;
    } finally {
      model.dispose();
    }
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
      // Without the optimizer: whoever gets the file predicts.
      await model.save(at(output), { includeOptimizer: false });
    });
  }
}
