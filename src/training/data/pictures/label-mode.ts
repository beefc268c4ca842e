/** The form of labels in a data set (Keras's `label_mode`). */
import { show, valueError } from "../../../core/errors.ts";
import { Tensor } from "../../../core/tensor.ts";

/**
 * The form of labels. `int`: class indices, int32 [samples], for sparse categorical cross-entropy. `categorical`: one-hot rows, float32
 * [samples, classes], for categorical cross-entropy. `binary`: 0 or 1, float32 [samples, 1], for binary cross-entropy. Null: no labels.
 */
export type LabelMode = "int" | "categorical" | "binary" | null;

/** Checks a label mode. @throws ValueError, in Keras's words, if it is none of these. */
export function checkLabelMode(mode: unknown): void {
  if (mode === "int" || mode === "categorical" || mode === "binary" || mode === null) return;
  throw valueError(
    `\`labelMode\` argument must be one of "int", "categorical", "binary", or None. Received: labelMode=${show(mode)}`,
  );
}

/** The tensor of class indices in a label mode. One-hot rows of labels outside of the classes are zeros, as with `tf.one_hot`. */
export function labelTensor(labels: Int32Array, mode: Exclude<LabelMode, null>, classes = 0): Tensor {
  if (mode === "int") return new Tensor([labels.length], labels);
  if (mode === "binary") return new Tensor([labels.length, 1], Float32Array.from(labels));
  const data = new Float32Array(labels.length * classes);
  for (const [sample, label] of labels.entries()) {
    if (label >= 0 && label < classes) data[sample * classes + label] = 1;
  }
  return new Tensor([labels.length, classes], data);
}
