/** Loads the weights in Keras's files (`.h5`, `.weights.h5`, `.keras`) into the layers of a model, by Keras's own rules. */
import type { Layer } from "../../layers/layer.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Hdf5Group, openHdf5 } from "../hdf5/hdf5.ts";
import { FurtherNeeded } from "../hdf5/file.ts";
import { readHdf5 } from "../hdf5/read.ts";
import { isHdf5 } from "../hdf5/superblock.ts";
import { isKerasH5, readKerasH5 } from "./legacy-h5.ts";
import { isKerasWeightsH5, loadKerasWeightsH5 } from "./weights-h5.ts";
import { type MismatchOptions, loadByName, loadByOrder } from "./layer-order.ts";
import { isZip, uncheckedMember, unpackedMember } from "../zip/zip.ts";
import { WEIGHTS, isKerasArchive } from "./sniff.ts";

export interface LoadWeightsOptions extends MismatchOptions {
  /** Whether Keras's `.h5` is loaded by the names of the layers instead of their order; layers that only one side has are left out. Default: false. */
  readonly byName?: boolean | undefined;
}

/** True for the files that `loadKerasWeights` reads. */
export function hasKerasWeights(bytes: Uint8Array): boolean {
  return isHdf5(bytes) || isKerasArchive(bytes);
}

/**
 * Loads weights into `layers`, as `model.layers` lists them. All weights are set or, on any error, none.
 *
 * Keras's `.h5` (weights or a whole model) is loaded by the order of the layers, Keras 3's `.weights.h5`, also that in a `.keras`,
 * by class and number of the layers. Weights may become views onto `bytes`: do not write to it afterwards.
 *
 * @throws FormatError if the bytes are no weights, are broken, or have NaN in them; UnsupportedError for features and formats
 *   that are not read; ValueError in Keras's wording if they do not fit the layers.
 */
export function loadKerasWeights(layers: readonly Layer[], bytes: Uint8Array, options: LoadWeightsOptions = {}): void {
  if (!isHdf5(bytes) && !isZip(bytes)) {
    throw formatError(
      "The bytes are no weights file of Keras's. loadWeights() reads other formats, and says what bytes are.",
    );
  }
  const hdf5 = isZip(bytes) ? present(uncheckedMember(bytes, WEIGHTS)) : bytes;
  try {
    loadHdf5(layers, openHdf5(hdf5), options);
  } catch (error) {
    if (!(error instanceof FurtherNeeded)) throw error;
    throw unsupportedError(
      "This HDF5 file is not stored as Keras does it: it has chunks, is compressed, or has newer structures. " +
        "`await model.loadWeights(source)` reads it; loadWeightsFromBytes() does not.",
    );
  }
}

/** `loadKerasWeights` for every file of Keras's: what plain ones do not need, such as to unpack them, is loaded first. */
export async function loadAnyKerasWeights(
  layers: readonly Layer[],
  bytes: Uint8Array,
  options: LoadWeightsOptions = {},
): Promise<void> {
  if (!isHdf5(bytes) && !isZip(bytes)) throw (await import("../unknown-bytes.ts")).describeUnknown(bytes);
  const hdf5 = isZip(bytes) ? present(await unpackedMember(bytes, WEIGHTS, false)) : bytes;
  await readHdf5(hdf5, (root) => loadHdf5(layers, root, options));
}

function loadHdf5(layers: readonly Layer[], root: Hdf5Group, options: LoadWeightsOptions): void {
  if (isKerasH5(root)) {
    const file = readKerasH5(root);
    if (options.byName === true) loadByName(layers, file, options);
    else loadByOrder(layers, file, options);
  } else if (isKerasWeightsH5(root)) {
    if (options.byName === true)
      throw unsupportedError("`byName` only supports loading legacy '.h5' or '.hdf5' files.");
    loadKerasWeightsH5(layers, root, options);
  } else {
    throw formatError("The HDF5 file holds no Keras weights: neither `layer_names` nor a group `layers` is in it.");
  }
}

function present(weights: Uint8Array | undefined): Uint8Array {
  if (weights === undefined) {
    throw unsupportedError(`The zip archive has no '${WEIGHTS}': it is not a .keras file.`);
  }
  return weights;
}
