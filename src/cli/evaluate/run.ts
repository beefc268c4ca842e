/** The command `evaluate`: how often a model is right about pictures of which it is known what they show. */
import { writeFiles } from "#platform";
import { enableWideSimd } from "../../engine/wide-simd.ts";
import { ClassLookup } from "../../tasks/class-lookup.ts";
import type { Classifier } from "../../tasks/classifier.ts";
import { type Evaluation as Counted, evaluateClassifier } from "../../tasks/many-pictures.ts";
import { requireApart } from "../files/apart.ts";
import { requirePlace } from "../files/placing.ts";
import { factsOfModel } from "../pictures/model-facts.ts";
import { type ClassifierArguments, classifierFor } from "../pictures/options.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { interruptible } from "../terminal/interruption.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { styleFor } from "../terminal/style.ts";
import { checkConfusionPath, confusionFile } from "./confusion.ts";
import { type LabelledPictures, type TruthOptions, labelledPictures } from "./labelled-pictures.ts";
import { checkPagePath, evaluationPage } from "./page.ts";
import { type Evaluation, evaluationJson, evaluationText } from "./report.ts";

export interface EvaluateOptions extends ClassifierArguments, TruthOptions {
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly report?: string;
  readonly confusion?: string;
}

export async function evaluate(place: string, options: EvaluateOptions): Promise<void> {
  if (options.confusion !== undefined) checkConfusionPath(options.confusion);
  const outputs = [options.report, options.confusion];
  for (const path of outputs) {
    // oxlint-disable-next-line no-await-in-loop -- two
    if (path !== undefined) await requirePlace(path);
  }
  if (options.report !== undefined) checkPagePath(options.report);
  const { weights, labels, groundTruth, synsets } = options;
  await requireApart(outputs, [place, weights, labels, groundTruth, synsets]);
  enableWideSimd();
  const started = performance.now();
  const plan = classifierFor(options);
  const classifier = await withDownloadBar(plan.weights, (loading) => plan.load(loading));
  const load = performance.now() - started;
  const classes = new ClassLookup(classifier.labels);
  const truth = await labelledPictures(place, classes, options);
  await requireApart(outputs, truth.paths);
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
  const { report, confusion } = options;
  await writeFiles([
    ...(report === undefined ? [] : [{ path: report, bytes: new TextEncoder().encode(evaluationPage(evaluation)) }]),
    ...(confusion === undefined ? [] : [{ path: confusion, bytes: await confusionFile(tally, confusion) }]),
  ]);
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
