/** What is said of a model that classifies. */
import type { Classifier } from "../../tasks/classifier.ts";

export interface ModelFacts {
  readonly name: string;
  readonly weights: string;
  /** Undefined if the model is none that we know. */
  readonly alpha: number | undefined;
  /** Rows and columns: one number if they are the same. */
  readonly size: number | readonly [rows: number, cols: number];
  readonly classes: number;
  /** How long loading took, in milliseconds. */
  readonly load: number;
}

export function factsOfModel({ name, weights, alpha, size, labels }: Classifier, load: number): ModelFacts {
  return { name, weights, alpha, size, classes: labels.length, load };
}
