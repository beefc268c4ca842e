/** The command `evaluate`: how often a model is right about pictures of which it is known what they show. */
import { dirname, resolve } from "node:path";
import { makeFolder, writeBytes } from "#platform";
import { enableWideSimd } from "../../engine/wide-simd.ts";
import { ClassLookup } from "../../tasks/class-lookup.ts";
import type { Classifier } from "../../tasks/classifier.ts";
import { type Evaluation as Counted, evaluateClassifier } from "../../tasks/many-pictures.ts";
import { requirePlace } from "../files/placing.ts";
import { factsOfModel } from "../pictures/model-facts.ts";
import { type ClassifierArguments, classifierFor } from "../pictures/options.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { interruptible } from "../terminal/interruption.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { styleFor } from "../terminal/style.ts";
import { checkConfusionPath, confusionFile } from "./confusion.ts";
import { type LabelledPictures, type TruthOptions, labelledPictures } from "./labelled-pictures.ts";
import { evaluationPage } from "./page.ts";
import { type Evaluation, evaluationJson, evaluationText } from "./report.ts";

export interface EvaluateOptions extends ClassifierArguments, TruthOptions {
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly report?: string;
  readonly confusion?: string;
}

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
  const begun = performance.now();
  const { tally, unreadable } = await interruptible(({ signal }) => counted(classifier, truth, options, signal));
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
  // Before the files: if these cannot be written, the result is there all the same.
  process.stdout.write(`${text}\n`);
  if (options.report !== undefined) await write(options.report, new TextEncoder().encode(evaluationPage(evaluation)));
  if (options.confusion !== undefined) await write(options.confusion, await confusionFile(tally, options.confusion));
}

async function counted(
  classifier: Classifier,
  { paths, labels }: LabelledPictures,
  { strict }: EvaluateOptions,
  signal: AbortSignal,
): Promise<Counted> {
  let right = "";
  const bar = progressBar("Evaluating", (done, total) => `${done} of ${total}${right}`);
  try {
    return await evaluateClassifier(classifier, paths, labels, {
      strict,
      signal,
      onProgress(done, total, { top1 }) {
        right = `  top-1 ${(top1 * 100).toFixed(1)} %`;
        bar.update(done, total);
      },
    });
  } finally {
    bar.stop();
  }
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await makeFolder(dirname(resolve(path)));
  await writeBytes(path, bytes);
}
