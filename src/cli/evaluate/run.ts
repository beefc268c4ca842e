/** The command `evaluate`: how often a model is right about pictures of which it is known what they show. */
import { dirname, resolve } from "node:path";
import { makeFolder, writeBytes } from "#platform";
import { Tensor } from "../../core/tensor.ts";
import { enableWideSimd } from "../../engine/wide-simd.ts";
import { ImageDataset, type Unreadable } from "../../training/data/pictures/image-dataset.ts";
import { ClassLookup } from "../../tasks/class-lookup.ts";
import type { Classifier } from "../../tasks/classifier.ts";
import { checkConfusionPath, confusionFile } from "./confusion.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { evaluationPage } from "./page.ts";
import { type Evaluation, evaluationJson, evaluationText } from "./report.ts";
import { interruptible, untilAborted } from "../terminal/interruption.ts";
import { type TruthOptions, labelledPictures } from "./labelled-pictures.ts";
import { requirePlace } from "../files/placing.ts";
import { factsOfModel } from "../pictures/model-facts.ts";
import { type ClassifierArguments, classifierFor } from "../pictures/options.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { styleFor } from "../terminal/style.ts";
import { Tally } from "../../tasks/tally.ts";

export interface EvaluateOptions extends ClassifierArguments, TruthOptions {
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly report?: string;
  readonly confusion?: string;
}

/** The pictures in a batch: some batches are in memory at once, decoded. */
const BATCH = 8;

export async function evaluate(place: string, options: EvaluateOptions): Promise<void> {
  if (options.confusion !== undefined) checkConfusionPath(options.confusion);
  for (const path of [options.report, options.confusion]) {
    // oxlint-disable-next-line no-await-in-loop -- two
    if (path !== undefined) await requirePlace(path);
  }
  enableWideSimd();
  const started = performance.now();
  const plan = classifierFor(options);
  const classifier = await withDownloadBar(plan.weights, (loading) => plan.load(loading));
  const load = performance.now() - started;
  const classes = new ClassLookup(classifier.labels);
  const truth = await labelledPictures(place, classes, options);
  const picturesOf = (signal: AbortSignal): ImageDataset =>
    new ImageDataset({
      filePaths: truth.paths,
      labels: truth.labels,
      load: untilAborted(signal, async (path) => (await classifier.prepare(path)).toFloat32()),
      batchSize: BATCH,
      shuffle: false,
      strict: options.strict,
    });
  const begun = performance.now();
  const { tally, unreadable } = await interruptible(({ signal }) =>
    count(picturesOf(signal), classifier, classes.names, signal),
  );
  const { recipe, resize, crop, interpolation, asStored } = options;
  const evaluation: Evaluation = {
    model: factsOfModel(classifier, load),
    place,
    labels: truth.source,
    note: truth.note,
    recipe: { recipe: recipe ?? "keras", resize, crop, interpolation, asStored },
    tally,
    unreadable: unreadable.map(({ path, error }) => ({ picture: path, error: error.message })),
    milliseconds: performance.now() - begun,
  };
  classifier.dispose();
  const text =
    options.json === true ? evaluationJson(evaluation) : evaluationText(evaluation, styleFor(process.stdout));
  // First: whatever becomes of the files, it was not for nothing.
  process.stdout.write(`${text}\n`);
  if (options.report !== undefined) await write(options.report, new TextEncoder().encode(evaluationPage(evaluation)));
  if (options.confusion !== undefined) await write(options.confusion, await confusionFile(tally, options.confusion));
}

async function count(
  pictures: ImageDataset,
  classifier: Classifier,
  names: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly tally: Tally; readonly unreadable: readonly Unreadable[] }> {
  const tally = new Tally(names);
  const bar = progressBar("Evaluating", (done, total) => {
    const right = tally.pictures === 0 ? "" : `  top-1 ${(tally.top1 * 100).toFixed(1)} %`;
    return `${done} of ${total}${right}`;
  });
  try {
    for await (const { x, y, indices } of pictures) {
      const { shape, data } = x.toFloat32();
      const size = data.length / (shape[0] ?? 1);
      for (const [sample, index] of (indices ?? []).entries()) {
        signal.throwIfAborted();
        const picture = new Tensor([1, ...shape.slice(1)], data.subarray(sample * size, (sample + 1) * size));
        const { data: scores } = await classifier.scores(picture);
        tally.add(pictures.filePaths?.[index] ?? "", y?.data[sample] ?? 0, scores);
        bar.update(index + 1, pictures.size ?? null);
      }
    }
  } finally {
    bar.stop();
  }
  return { tally, unreadable: pictures.unreadable };
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await makeFolder(dirname(resolve(path)));
  await writeBytes(path, bytes);
}
