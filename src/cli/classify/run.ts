/** The command `classify`: what is in pictures, by a model that is loaded while the first of them is decoded. */
import { decodePredictions } from "../../applications/imagenet-utils.ts";
import { MobileNetV2Error, messageOf } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { enableWideSimd } from "../../engine/wide-simd.ts";
import type { Classifier } from "../../tasks/classifier.ts";
import type { ClassifierPlan } from "../../tasks/load-classifier.ts";
import { isNsfwjsInstalled } from "../files/nsfwjs.ts";
import { factsOfModel } from "../pictures/model-facts.ts";
import { type ClassifierArguments, classifierFor } from "../pictures/options.ts";
import { type Picture, picturesWithin } from "../pictures/pictures.ts";
import { downloadBar } from "../terminal/download-bar.ts";
import { printable } from "../terminal/format.ts";
import { interruptible } from "../terminal/interruption.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { styleFor } from "../terminal/style.ts";
import { type Answer, type Failure, type OutputAnswer, answerText, modelText, reportJson } from "./report.ts";

export interface ClassifyOptions extends ClassifierArguments {
  readonly top: number;
  readonly json?: boolean;
}

/** A mirror or a network that gives no sign for so many milliseconds counts as not reachable, if there is another way. */
const PATIENCE = 5_000;
/** Trying out 256-bit vectors takes about as long as they save with so many pictures. */
const WIDE_PAYS_FROM = 8;

/** Classifies pictures; with none named, the sample photograph. Resolves to the exit code. */
export async function classify(names: readonly string[], options: ClassifyOptions): Promise<number> {
  const started = performance.now();
  const { pictures, hasFolder } = await picturesWithin(names);
  if (pictures.length >= WIDE_PAYS_FROM) enableWideSimd();
  const { classifier, prepared } = await begin(pictures, options);
  const facts = factsOfModel(classifier, performance.now() - started);
  const style = styleFor(process.stdout);
  const results: (Answer | Failure)[] = [];
  // Answers on the same terminal are progress enough.
  const isShown = hasFolder && (options.json === true || !process.stdout.isTTY);
  const bar = isShown ? progressBar("Classifying", (done, total) => `${done} of ${total}`) : undefined;
  try {
    for await (const one of prepared) {
      const result = await answer(one, classifier, options.top);
      results.push(result);
      if ("error" in result) console.error(`error: ${errorText(result)}`);
      else if (options.json !== true) process.stdout.write(`${answerText(result, style)}\n`);
      bar?.update(results.length, pictures.length);
    }
  } finally {
    bar?.stop();
  }
  classifier.dispose();
  const answered = results.filter((result) => !("error" in result)).length;
  if (options.json === true) {
    process.stdout.write(`${reportJson(facts, results, performance.now() - started)}\n`);
  } else if (answered > 0) {
    process.stdout.write(`${modelText(facts, style)}\n`);
  }
  return answered === results.length ? 0 : 1;
}

interface Begun {
  readonly classifier: Classifier;
  readonly prepared: AsyncIterable<Prepared>;
}

/** Loads the model that was asked for; if none was and ImageNet's weights cannot be had, that of nsfwjs. */
async function begin(pictures: readonly Picture[], options: ClassifyOptions): Promise<Begun> {
  const plan = classifierFor(options);
  const prepared = prepareAhead(pictures, plan);
  const asked = options.weights ?? options.alpha ?? options.size ?? options.labels;
  const hasOtherWay = asked === undefined && isNsfwjsInstalled();
  try {
    return { prepared, classifier: await load(plan, hasOtherWay ? PATIENCE : undefined) };
  } catch (error) {
    const isUnreachable =
      error instanceof MobileNetV2Error && (error.code === "NetworkError" || error.code === "FormatError");
    if (!hasOtherWay || !isUnreachable) throw error;
    // The cause names address and reason; the error itself also says where to put the file.
    const [reason = ""] = messageOf(error.cause ?? error).split("\n");
    console.error(
      `The ImageNet weights are neither cached nor reachable (${printable(reason)}): classifying by content safety with those of nsfwjs.`,
    );
    const other = classifierFor({ ...options, weights: "nsfwjs" });
    return { prepared: prepareAhead(pictures, other), classifier: await load(other, undefined) };
  }
}

async function load(plan: ClassifierPlan, patience: number | undefined): Promise<Classifier> {
  const bar = downloadBar(plan.weights);
  try {
    return await interruptible((stop) => {
      const silence = new MobileNetV2Error("NetworkError", `no answer within ${(patience ?? 0) / 1000} seconds`);
      const watch = patience === undefined ? undefined : setTimeout(() => stop.abort(silence), patience);
      const loading = plan.load({
        signal: stop.signal,
        onProgress: (progress) => {
          clearTimeout(watch);
          bar.update(progress);
        },
      });
      return loading.finally(() => clearTimeout(watch));
    });
  } finally {
    bar.stop();
  }
}

interface Prepared {
  readonly picture: Picture;
  readonly input: Tensor | MobileNetV2Error;
  readonly decode: number;
}

/** Begins with the first picture at once, and is one ahead of whoever takes them. */
function prepareAhead(pictures: readonly Picture[], plan: ClassifierPlan): AsyncIterable<Prepared> {
  let next = prepare(pictures[0], plan);
  // Whoever takes it sees the error; if the model fails first, nobody does.
  next.catch(() => undefined);
  return (async function* () {
    for (let i = 1; i <= pictures.length; i++) {
      const current = await next;
      next = prepare(pictures[i], plan);
      if (current !== undefined) yield current;
    }
  })();
}

/** Settles to the picture's error if it cannot be had: the others are classified all the same. */
async function prepare(picture: Picture | undefined, plan: ClassifierPlan): Promise<Prepared | undefined> {
  if (picture === undefined) return undefined;
  await plan.known;
  const started = performance.now();
  const input = await picture
    .read()
    .then((source) => plan.prepare(source))
    .catch(expected);
  return { picture, input, decode: performance.now() - started };
}

async function answer(
  { picture, input, decode }: Prepared,
  classifier: Classifier,
  top: number,
): Promise<Answer | Failure> {
  const started = performance.now();
  try {
    if (input instanceof MobileNetV2Error) throw input;
    const answers = await classifier.answers(input);
    const outputs = classifier.outputs.map(({ name, labels }, i): OutputAnswer => {
      const values = answers[i] ?? new Tensor([0], new Float32Array());
      if (labels === undefined) return { name, shape: values.shape.slice(1), values: [...values.data] };
      const scores = values.reshape([1, values.size]);
      const [predictions = []] = decodePredictions(scores, { top, labels });
      return { name, predictions };
    });
    const [{ name: _, ...only } = { name: "", predictions: [] }, ...more] = outputs;
    const said = more.length === 0 ? only : { outputs };
    return { picture: picture.name, ...said, decode, predict: performance.now() - started };
  } catch (error) {
    const { code, message } = expected(error);
    return { picture: picture.name, error: { code, message } };
  }
}

/** The package's own errors are answers; others are our mistakes and end the program. */
function expected(error: unknown): MobileNetV2Error {
  if (error instanceof MobileNetV2Error) return error;
  throw error;
}

/** The message after the name of the picture, unless it names it: standard input has no name that an error could know. */
function errorText({ picture, error }: Failure): string {
  const text = error.message.includes(picture) ? error.message : `${picture}: ${error.message}`;
  return text.split("\n").map(printable).join("\n");
}
