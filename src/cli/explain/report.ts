/** What `explain` found, for people and as JSON. */
import type { Explanation } from "../../explain/explanation.ts";
import type { Classifier } from "../../tasks/classifier.ts";
import { pixelsNote } from "../pictures/model-facts.ts";
import { bar, percent, printable } from "../terminal/format.ts";
import type { Style } from "../terminal/style.ts";

/** What was found, and where it was written. */
export interface Explained extends Explanation {
  readonly picture: string;
  readonly method: "grad-cam" | "cam";
  /** The probability of the class, also if the model answers with logits. */
  readonly score: number;
  readonly label: string;
  readonly wnid: string | undefined;
  readonly written: { readonly path: string; readonly width: number; readonly height: number } | undefined;
}

const BAR_WIDTH = 24;
const METHODS = { "grad-cam": "Grad-CAM", cam: "class activation map" } as const;

export function explainedText(explained: Explained, { pixels }: Classifier, style: Style): string {
  const { picture, method, score, label, layer, heatmap, written } = explained;
  const [rows, cols] = heatmap.shape;
  const note = pixelsNote(pixels);
  return [
    style.bold(printable(picture)),
    `  ${percent(score)}  ${style.bar(bar(score, BAR_WIDTH))}  ${printable(label)}`,
    style.dim(`  ${METHODS[method]} of ${printable(layer)}, ${rows} × ${cols}${note === undefined ? "" : `; ${note}`}`),
    ...(written === undefined ? [] : [`${printable(written.path)}, ${written.width} × ${written.height}`]),
  ].join("\n");
}

export function explainedJson(explained: Explained, classifier: Classifier): string {
  const { picture, method, classIndex, label, wnid, score, layer, heatmap, written } = explained;
  const { name, weights, alpha, size, pixels, labels } = classifier;
  const [rows = 0, cols = 0] = heatmap.shape;
  const values = Array.from({ length: rows }, (_, row) =>
    Array.from(heatmap.data.subarray(row * cols, (row + 1) * cols), (value) => Math.round(value * 1e4) / 1e4),
  );
  const model = { name, weights, alpha, size, pixels, classes: labels.length };
  const asked = { index: classIndex, label, wnid, score };
  return JSON.stringify(
    { model, picture, class: asked, method, layer, heatmap: { rows, cols, values }, output: written },
    null,
    2,
  );
}
