/** How many weights a graph's layers may have: a small file is not to fill the memory. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { StoredTensor } from "../stored-tensor.ts";

/** Weights that a model may have beyond those of the file: of normalizations that stand for a scale or an offset. */
const MAX_ADDED = 2 ** 20;

/** A weight takes a byte or more. A file with fewer bytes than weights uses the same ones for many layers, to fill the memory. */
export function checkSize(weights: readonly (readonly [string, StoredTensor])[], fileSize: number): void {
  const count = weights.reduce((sum, [, { shape }]) => sum + elementCount(shape), 0);
  if (count <= fileSize + MAX_ADDED) return;
  throw new MobileNetV2Error(
    "LimitError",
    `The layers have ${count} weights, but the file has only ${fileSize} bytes.`,
  );
}
