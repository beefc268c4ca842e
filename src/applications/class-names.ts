/** Names of classes: ImageNet's 1,000 (Keras's imagenet_class_index.json), and the ranking of scores with their names. */
import { MobileNetV2Error, show, valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import { OBJECT, TEXT, check, listOf } from "../core/kinds.ts";
import { fnv1a32 } from "../core/random.ts";
import { CHECKSUM, PACKED } from "./imagenet-classes.ts";

/** The name of a class. */
export interface ClassName {
  /** The WordNet id, such as `n02504458`; for classes that are not ImageNet's, the class index. */
  readonly wnid: string;
  /** The name, such as `African_elephant`. */
  readonly label: string;
}

/** A class that a model predicts, with its score. */
export interface Prediction extends ClassName {
  /** The model's score for the class: a probability if the model ends in softmax. */
  readonly score: number;
}

let imagenet: readonly ClassName[] | undefined;

/** The 1,000 classes of ImageNet, in the order of the model's outputs. @throws FormatError if the package's list is damaged. */
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
  const classes = PACKED.split(",").map((entry) => {
    const space = entry.indexOf(" ");
    id += Number.parseInt(entry.slice(0, space), 36);
    return { wnid: `n${String(id).padStart(8, "0")}`, label: entry.slice(space + 1) };
  });
  return frozen(classes);
}

/** Names of classes, perhaps with WordNet ids. */
export const LABELS = listOf("a list of names, or of { wnid, label }", [
  "",
  (one) => typeof one === "string" || (OBJECT[1](one) && TEXT[1](Reflect.get(Object(one), "label"))),
]);

/** The class names of a list of labels; a label that is only a name has its index as the id. */
export function classNamesOf(labels: readonly (string | ClassName)[]): readonly ClassName[] {
  check("decodePredictions()", "labels", labels, LABELS);
  return labels.map((label, index) => (typeof label === "string" ? { wnid: String(index), label } : label));
}

/** The `top` classes of one sample's scores, best first; equal scores in Keras's order. @throws ValueError if `top` is not a whole number above 0. */
export function rank(scores: Float32Array, names: readonly ClassName[], top: number): Prediction[] {
  if (!Number.isInteger(top) || top < 1)
    throw valueError(`\`top\` must be a whole number of 1 or more. Received: top=${show(top)}`);
  // NumPy sorts NaN above all numbers. Keras reverses NumPy's order, so that of equal scores the later index comes first.
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
