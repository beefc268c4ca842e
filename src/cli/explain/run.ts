/** The command `explain`: where a model looked, as a heat map over the picture. */
import { extname } from "node:path";
import { writeFiles } from "#platform";
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { classActivationMap } from "../../explain/class-activation-map.ts";
import type { Colormap } from "../../explain/colormaps.ts";
import type { Explanation } from "../../explain/explanation.ts";
import { gradCam } from "../../explain/grad-cam.ts";
import { overlay } from "../../explain/overlay.ts";
import { loadImg } from "../../image/load-img.ts";
import { encodeImg } from "../../image/save-img.ts";
import { QuantizedModel } from "../../models/quantized/quantized-model.ts";
import { ClassLookup } from "../../tasks/class-lookup.ts";
import type { Classifier } from "../../tasks/classifier.ts";
import { namedError } from "../../tasks/errors.ts";
import { requireNumbers } from "../../tasks/scores.ts";
import { requireApart } from "../files/apart.ts";
import { requirePlace } from "../files/placing.ts";
import { type ClassifierArguments, classifierFor } from "../pictures/options.ts";
import { type Picture, picturesOf } from "../pictures/pictures.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { styleFor } from "../terminal/style.ts";
import { type Explained, explainedJson, explainedText } from "./report.ts";

export interface ExplainCommandOptions extends ClassifierArguments {
  readonly output?: string;
  readonly class?: string;
  readonly method: "grad-cam" | "cam";
  readonly layer?: string;
  readonly colormap: Colormap;
  readonly opacity: number;
  readonly json?: boolean;
}

export async function explain(name: string | undefined, options: ExplainCommandOptions): Promise<void> {
  checkOptions(options);
  if (options.output !== undefined) await requirePlace(options.output);
  await requireApart([options.output], [name, options.weights, options.labels]);
  const [picture] = picturesOf(name === undefined ? [] : [name]);
  if (picture === undefined) return;
  const plan = classifierFor(options);
  using classifier = await withDownloadBar(plan.weights, (loading) => plan.load(loading));
  const explained = await explainPicture(picture, classifier, options);
  const text =
    options.json === true
      ? explainedJson(explained, classifier)
      : explainedText(explained, classifier, styleFor(process.stdout));
  process.stdout.write(`${text}\n`);
}

/** Refuses options that do not fit one another before anything is loaded. */
function checkOptions({ output, method, layer, json }: ExplainCommandOptions): void {
  const refuse = (message: string): never => {
    throw valueError(message);
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
  options: ExplainCommandOptions,
): Promise<Explained> {
  const { output, colormap, opacity } = options;
  const classIndex = classIndexOf(classifier, options.class);
  const source = await picture.read();
  const input = await classifier.prepare(source);
  const { data } = await classifier.scores(input).catch((error: unknown) => {
    throw namedError(error, picture.name);
  });
  const found = await lookedAt(classifier, input, { ...options, classIndex });
  requireNumbers(found.heatmap, classifier.name);
  const label = classifier.labels[found.classIndex] ?? String(found.classIndex);
  let written: Explained["written"];
  if (output !== undefined) {
    // The classifier turns pictures upright and squeezes them as a whole; so the heat map covers all of it.
    const image = overlay(await loadImg(source, { autoOrient: true }), found.heatmap, { colormap, opacity });
    await writeFiles([{ path: output, bytes: await encodeImg(image, { fileFormat: extname(output).slice(1) }) }]);
    written = { path: output, width: image.width, height: image.height };
  }
  return {
    ...found,
    method: options.method,
    picture: picture.name,
    score: data[found.classIndex] ?? Number.NaN,
    label: typeof label === "string" ? label : label.label,
    wnid: typeof label === "string" ? undefined : label.wnid,
    written,
  };
}

async function lookedAt(
  { model, weights }: Classifier,
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

/** The index of the class that is asked about. @throws ValueError if the model has no such class. */
function classIndexOf({ labels }: Classifier, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const lookup = new ClassLookup(labels);
  const index = lookup.findOrNumber(text);
  if (index !== undefined) return index;
  const some = lookup.names.slice(0, 5).join(", ");
  throw valueError(
    `The model has no class of that name, or several: --class ${text}. Its ${labels.length} classes are ${some}${labels.length > 5 ? ", …" : ""}; their numbers go from 0 to ${labels.length - 1}.`,
  );
}
