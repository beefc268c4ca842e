/** Names for classes: ImageNet's 1,000 (Keras's imagenet_class_index.json) and the ranking of any scores by them. */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { fnv1a32 } from "../core/random.ts";
import { CHECKSUM, PACKED } from "./imagenet-classes.ts";

export interface ClassName {
  /** The WordNet id, such as `n02504458`; for classes that are not ImageNet's, the index. */
  readonly wnid: string;
  readonly label: string;
}

export interface Prediction extends ClassName {
  /** The model's score for the class: a probability where the model ends in softmax. */
  readonly score: number;
}

let imagenet: readonly ClassName[] | undefined;

/** ImageNet's classes in the order of the model's outputs. Unpacked and checked when first used. */
export function imagenetClasses(): readonly ClassName[] {
  imagenet ??= unpack();
  return imagenet;
}

function unpack(): readonly ClassName[] {
  if (fnv1a32(PACKED) !== CHECKSUM) {
    throw new MobileNetV2Error(
      "FormatError",
      "The ImageNet class index in this package is damaged. Install the package again.",
    );
  }
  let id = 0;
  return PACKED.split(",").map((entry) => {
    const space = entry.indexOf(" ");
    id += Number.parseInt(entry.slice(0, space), 36);
    return { wnid: `n${String(id).padStart(8, "0")}`, label: entry.slice(space + 1) };
  });
}

/** Class names as a list of labels gives them: where only a name is given, the index stands for the id. */
export function classNamesOf(labels: readonly (string | ClassName)[]): readonly ClassName[] {
  return labels.map((label, index) => (typeof label === "string" ? { wnid: String(index), label } : label));
}

/** The `top` classes of one row of scores, best first; equal scores in the order that Keras gives them. */
export function rank(scores: Float32Array, names: readonly ClassName[], top: number): Prediction[] {
  if (!Number.isInteger(top) || top < 1)
    throw valueError(`\`top\` must be a whole number of 1 or more. Received: top=${top}`);
  // NumPy sorts NaN above all numbers, and of equals the later index comes first once the order is reversed.
  const key = (index: number): number => {
    const score = scores[index] ?? Number.NaN;
    return Number.isNaN(score) ? Infinity : score;
  };
  return [...scores.keys()]
    .toSorted((a, b) => key(b) - key(a) || b - a)
    .slice(0, top)
    .map((index) => {
      const { wnid, label } = names[index] ?? { wnid: String(index), label: `class ${index}` };
      return { wnid, label, score: scores[index] ?? Number.NaN };
    });
}
