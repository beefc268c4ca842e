/** The labels of a data set's pictures, and the form in which batches have them (Keras's `label_mode`). */
import { show, valueError } from "../../../core/errors.ts";
import { NUMBERS } from "../../../core/kinds.ts";
import { TENSOR, Tensor } from "../../../core/tensor.ts";

/**
 * The form of labels. `int`: the labels as they are, for sparse categorical cross-entropy: class indices, int32 [samples]; numbers that are
 * not whole, for regression, float32 [samples]; lists of numbers, [samples, numbers]. `categorical`: one-hot rows of class indices, float32
 * [samples, classes], for categorical cross-entropy. `binary`: 0 or 1, float32 [samples, 1], for binary cross-entropy. Null: no labels.
 */
export type LabelMode = "int" | "categorical" | "binary" | null;

/** One label for each picture: a class index or another number, or a list of numbers; also as a tensor whose first axis is the pictures. */
export type PictureLabels = ArrayLike<number> | readonly (readonly number[])[] | Tensor;

/** Checks a label mode. @throws ValueError, in Keras's words, if it is none of these. */
export function checkLabelMode(mode: unknown): void {
  if (mode === "int" || mode === "categorical" || mode === "binary" || mode === null) return;
  throw valueError(
    `\`labelMode\` argument must be one of "int", "categorical", "binary", or None. Received: labelMode=${show(mode)}`,
  );
}

/**
 * The labels as a tensor, [samples] or [samples, numbers]: a copy, int32 if all are whole numbers (as in Keras, where floats stay floats; so
 * does a Float32Array), else float32.
 * @throws ValueError if they are not numbers, or lists of equally many numbers
 */
export function labelsOf(labels: PictureLabels): Tensor {
  if (labels instanceof Tensor && TENSOR[1](labels) && labels.shape.length > 0)
    return numbersTensor(labels.data, labels.shape);
  if (isNumbers(labels)) return numbersTensor(labels, [labels.length]);
  const rows: unknown = labels;
  const width = isRows(rows) ? (rows[0]?.length ?? 0) : 0;
  if (!isRows(rows) || rows.some((row) => row.length !== width)) {
    throw valueError(
      `\`labels\` should be a list with a number for each picture, or with a list of equally many numbers for each. Received: labels=${show(labels)}`,
    );
  }
  return numbersTensor(rows.flat(), [rows.length, width]);
}

function numbersTensor(numbers: ArrayLike<number>, shape: readonly number[]): Tensor {
  const at = Array.from(numbers).findIndex((one) => !Number.isFinite(one));
  if (at >= 0) throw valueError(`\`labels\` should be finite numbers. Received: ${show(numbers[at])} at ${at}`);
  const isWhole = !(numbers instanceof Float32Array) && Array.from(numbers).every((one) => (one | 0) === one);
  return new Tensor(shape, isWhole ? Int32Array.from(numbers) : Float32Array.from(numbers));
}

function isNumbers(labels: unknown): labels is ArrayLike<number> {
  return NUMBERS[1](labels);
}

function isRows(labels: unknown): labels is readonly (readonly number[])[] {
  return Array.isArray(labels) && Array.from(labels).every((row) => Array.isArray(row) && NUMBERS[1](row));
}

/** Checks that labels can have this form. @throws ValueError if they are not class indices, or there is no number of classes. */
export function checkLabelForm(labels: Tensor, mode: LabelMode, classes: number | undefined): void {
  if (mode !== "categorical" && mode !== "binary") return;
  if (labels.shape.length > 1 || (mode === "categorical" && labels.dtype !== "int32")) {
    throw valueError(
      `\`labelMode: "${mode}"\` is for class indices. Labels that are other numbers, as for regression, have \`labelMode: "int"\`.`,
    );
  }
  if (mode === "categorical" && classes === undefined) {
    throw valueError('`labelMode: "categorical"` needs `classNames`, which give the number of classes.');
  }
}

/** Labels in a label mode. One-hot rows of labels outside of the classes are zeros, as with `tf.one_hot`. */
export function labelTensor(labels: Tensor, mode: Exclude<LabelMode, null>, classes = 0): Tensor {
  if (mode === "int") return labels;
  if (mode === "binary") return labels.toFloat32().reshape([labels.size, 1]);
  const data = new Float32Array(labels.size * classes);
  for (const [sample, label] of labels.data.entries()) {
    if (label >= 0 && label < classes) data[sample * classes + label] = 1;
  }
  return new Tensor([labels.size, classes], data);
}
