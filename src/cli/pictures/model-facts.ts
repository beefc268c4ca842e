/** What is said of a model that classifies. */
import type { Classifier } from "../../tasks/classifier.ts";
import type { Preprocessing } from "../../saving/checkpoint.ts";
import { type PixelFacts, pixelsName } from "../../tasks/pixels.ts";

export interface ModelFacts {
  readonly name: string;
  readonly weights: string;
  /** Undefined if the model is none that we know. */
  readonly alpha: number | undefined;
  /** Rows and columns: one number if they are the same. */
  readonly size: number | readonly [rows: number, cols: number];
  /** How pixels are scaled, and who says so. */
  readonly pixels: PixelFacts;
  readonly classes: number;
  /** How long loading took, in milliseconds. */
  readonly load: number;
}

export function factsOfModel({ name, weights, alpha, size, pixels, labels }: Classifier, load: number): ModelFacts {
  return { name, weights, alpha, size, pixels, classes: labels.length, load };
}

const FORMULAS = {
  "-1..1": "x / 127.5 − 1",
  "0..1": "x / 255",
  "0..255": "x",
  torch: "torchvision's mean and deviation",
};

/** A scaling of pixels as a formula: `x / 255`, `x × 0.5 − 1`. */
export function scalingText(scaling: Preprocessing): string {
  const name = pixelsName(scaling);
  if (name !== undefined) return FORMULAS[name];
  const shown = (value: number | readonly number[]): string =>
    typeof value === "number" ? String(Number(value.toPrecision(6))) : `[${value.map((one) => shown(one)).join(", ")}]`;
  return `x × ${shown(scaling.scale)} + ${shown(scaling.offset)}`.replace("+ -", "− ").replace(/ \+ 0$/, "");
}

/** What is to be said of pixels beside an answer: nothing if the file or the publisher says how they are scaled. */
export function pixelsNote(pixels: PixelFacts): string | undefined {
  if (pixels.source === "option") return `pixels ${scalingText(pixels)}`;
  if (pixels.source !== "assumed") return undefined;
  return `pixels ${scalingText(pixels)}, assumed: the file does not say (--pixels)`;
}
