/** The command `explain`: where a model looked, as a heat map over the picture. */
import { dirname, resolve } from "node:path";
import { makeFolder } from "#platform";
import {
  type Colormap,
  type Explanation,
  MobileNetV2Error,
  QuantizedModel,
  type Tensor,
  classActivationMap,
  gradCam,
  loadImg,
  overlay,
  saveImg,
} from "../../index.ts";
import { ClassLookup } from "../class-lookup.ts";
import { type Classifier, type ClassifierOptions, type Loaded, classifierFor } from "../classifier.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { bar, percent, printable } from "../terminal/format.ts";
import { namedError } from "../named-error.ts";
import { type Picture, picturesOf } from "../pictures/pictures.ts";
import { styleFor } from "../terminal/style.ts";

export interface ExplainCommandOptions extends ClassifierOptions {
  readonly output?: string;
  readonly class?: string;
  readonly method: "grad-cam" | "cam";
  readonly layer?: string;
  readonly colormap: Colormap;
  readonly opacity: number;
  readonly json?: boolean;
}

/** What was found, and where it was written. */
interface Explained extends Explanation {
  readonly picture: string;
  /** Its probability, also where the model answers with logits. */
  readonly score: number;
  readonly label: string;
  readonly wnid: string | undefined;
  readonly written: { readonly path: string; readonly width: number; readonly height: number } | undefined;
}

const BAR_WIDTH = 24;
const METHODS = { "grad-cam": "Grad-CAM", cam: "class activation map" } as const;

export async function explain(name: string | undefined, options: ExplainCommandOptions): Promise<void> {
  checkOptions(options);
  const [picture] = picturesOf(name === undefined ? [] : [name]);
  if (picture === undefined) return;
  const classifier = classifierFor(options);
  const loaded = await withDownloadBar((loading) => classifier.load(loading));
  try {
    const explained = await explainPicture(picture, classifier, loaded, options);
    const text = options.json === true ? jsonOf(explained, classifier, loaded, options) : textOf(explained, options);
    process.stdout.write(`${text}\n`);
  } finally {
    loaded.dispose();
  }
}

/** Before anything is loaded. */
function checkOptions({ output, method, layer, json }: ExplainCommandOptions): void {
  const refuse = (message: string): never => {
    throw new MobileNetV2Error("ValueError", message);
  };
  if (output === undefined && json !== true)
    refuse("Name the picture to write, as in -o heat.png; or --json for the numbers.");
  if (output !== undefined && !/\.(png|jpe?g|webp)$/i.test(output)) {
    refuse(`The picture to write ends with .png, .jpg or .webp. Received: -o ${output}`);
  }
  if (method === "cam" && layer !== undefined) {
    refuse(`A class activation map is of the layer before the pooling. Received: --method cam --layer ${layer}`);
  }
}

async function explainPicture(
  picture: Picture,
  classifier: Classifier,
  loaded: Loaded,
  options: ExplainCommandOptions,
): Promise<Explained> {
  const { output, colormap, opacity } = options;
  const classIndex = classIndexOf(loaded, options.class);
  const source = await picture.read();
  const input = await classifier.prepare(source);
  const found = await lookedAt(classifier.weights, loaded, input, { ...options, classIndex });
  const { data } = await loaded.scores(input);
  const label = loaded.labels[found.classIndex] ?? String(found.classIndex);
  let written: Explained["written"];
  if (output !== undefined) {
    // The classifier turns pictures upright and squeezes them as a whole; so the heat map covers all of it.
    const image = overlay(await loadImg(source, { autoOrient: true }), found.heatmap, { colormap, opacity });
    await makeFolder(dirname(resolve(output)));
    await saveImg(output, image);
    written = { path: output, width: image.width, height: image.height };
  }
  return {
    ...found,
    picture: picture.name,
    score: data[found.classIndex] ?? Number.NaN,
    label: typeof label === "string" ? label : label.label,
    wnid: typeof label === "string" ? undefined : label.wnid,
    written,
  };
}

async function lookedAt(
  weights: string,
  { model }: Loaded,
  input: Tensor,
  { method, layer, classIndex }: ExplainCommandOptions & { readonly classIndex: number | undefined },
): Promise<Explanation> {
  if (model instanceof QuantizedModel) {
    throw new MobileNetV2Error(
      "UnsupportedError",
      `${weights}: the model is of integers, which have no gradient. Explain the model that it was made from.`,
    );
  }
  try {
    return method === "cam"
      ? await classActivationMap(model, input, { classIndex })
      : await gradCam(model, input, { classIndex, layer });
  } catch (error) {
    throw namedError(error, weights);
  }
}

/** @throws ValueError where the model has no such class. */
function classIndexOf({ labels }: Loaded, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const lookup = new ClassLookup(labels);
  const index = lookup.findOrNumber(text);
  if (index !== undefined) return index;
  const some = lookup.names.slice(0, 5).join(", ");
  throw new MobileNetV2Error(
    "ValueError",
    `The model has no class of that name, or several: --class ${text}. Its ${labels.length} classes are ${some}${labels.length > 5 ? ", …" : ""}; their numbers go from 0 to ${labels.length - 1}.`,
  );
}

function textOf(
  { picture, score, label, layer, heatmap, written }: Explained,
  { method }: ExplainCommandOptions,
): string {
  const style = styleFor(process.stdout);
  const [rows, cols] = heatmap.shape;
  return [
    style.bold(printable(picture)),
    `  ${percent(score)}  ${style.bar(bar(score, BAR_WIDTH))}  ${printable(label)}`,
    style.dim(`  ${METHODS[method]} of ${printable(layer)}, ${rows} × ${cols}`),
    ...(written === undefined ? [] : [`${printable(written.path)}, ${written.width} × ${written.height}`]),
  ].join("\n");
}

function jsonOf(
  explained: Explained,
  { weights }: Classifier,
  loaded: Loaded,
  { method }: ExplainCommandOptions,
): string {
  const { picture, classIndex, label, wnid, score, layer, heatmap, written } = explained;
  const { name, alpha, size, labels } = loaded;
  const [rows = 0, cols = 0] = heatmap.shape;
  const values = Array.from({ length: rows }, (_, row) =>
    Array.from(heatmap.data.subarray(row * cols, (row + 1) * cols), (value) => Math.round(value * 1e4) / 1e4),
  );
  const model = { name, weights, alpha, size, classes: labels.length };
  const asked = { index: classIndex, label, wnid, score };
  return JSON.stringify(
    { model, picture, class: asked, method, layer, heatmap: { rows, cols, values }, output: written },
    null,
    2,
  );
}
