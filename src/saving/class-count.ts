/** How many classes a classifier's weights file is for, without a model to load it into. */
import type { Dims } from "../core/shape.ts";
import { Hdf5Dataset } from "./hdf5/dataset.ts";
import { type Hdf5Group, openHdf5 } from "./hdf5/hdf5.ts";
import { isHdf5 } from "./hdf5/superblock.ts";
import { isKerasH5, readKerasH5 } from "./keras-h5.ts";
import { isZip, zipMember } from "./zip.ts";

/**
 * The length of the last layer's bias in a `.h5`, `.weights.h5` or `.keras` file; undefined where the file does not say,
 * as where no Dense layer is in it.
 * @throws FormatError where the file is broken.
 */
export function classCount(bytes: Uint8Array): number | undefined {
  const h5 = isZip(bytes) ? zipMember(bytes, "model.weights.h5") : bytes;
  if (h5 === undefined || !isHdf5(h5)) return undefined;
  const root = openHdf5(h5);
  const shape = isKerasH5(root) ? readKerasH5(root).layers.at(-1)?.tensors.at(-1)?.shape : lastDenseBias(root);
  return shape?.length === 1 ? shape[0] : undefined;
}

/** Keras 3 calls the Dense layers of a model `dense`, `dense_1`, … in their order. */
function lastDenseBias(root: Hdf5Group): Dims | undefined {
  if (!root.keys().includes("layers")) return undefined;
  const ranks = root
    .group("layers")
    .keys()
    .map((name) => (name === "dense" ? 0 : Number(/^dense_([1-9]\d{0,5})$/.exec(name)?.[1] ?? -1)));
  const last = Math.max(-1, ...ranks);
  if (last < 0) return undefined;
  const bias = root.get(`layers/dense${last === 0 ? "" : `_${last}`}/vars/1`);
  return bias instanceof Hdf5Dataset ? bias.shape : undefined;
}
