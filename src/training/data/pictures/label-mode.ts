/** Labels as a loss wants them: Keras's `label_mode`. */
import { show, valueError } from "../../../core/errors.ts";
import { Tensor } from "../../../core/tensor.ts";

/** Class numbers (int32), rows with a 1 at the class, or 0 and 1 [samples, 1] (both float32); null for none. */
export type LabelMode = "int" | "categorical" | "binary" | null;

/** @throws ValueError for what is none of these, in Keras's words. */
export function checkLabelMode(mode: unknown): void {
  if (mode === "int" || mode === "categorical" || mode === "binary" || mode === null) return;
  throw valueError(
    `\`labelMode\` argument must be one of "int", "categorical", "binary", or None. Received: labelMode=${show(mode)}`,
  );
}

/** Labels outside the classes give a row of zeros, as `tf.one_hot` does. */
export function labelTensor(labels: Int32Array, mode: Exclude<LabelMode, null>, classes = 0): Tensor {
  if (mode === "int") return new Tensor([labels.length], labels);
  if (mode === "binary") return new Tensor([labels.length, 1], Float32Array.from(labels));
  const data = new Float32Array(labels.length * classes);
  for (const [sample, label] of labels.entries()) {
    if (label >= 0 && label < classes) data[sample * classes + label] = 1;
  }
  return new Tensor([labels.length, classes], data);
}
