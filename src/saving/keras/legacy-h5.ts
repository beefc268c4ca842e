/** Keras's HDF5 weights and models, `.h5` (keras.src.legacy.saving.legacy_h5_format): groups named by attributes, in order. */
import { valueError } from "../../core/errors.ts";
import type { StoredVariable } from "../checkpoint.ts";
import { formatError } from "../file-errors.ts";
import type { Hdf5Group } from "../hdf5/hdf5.ts";
import type { StoredLayer, WeightsFile } from "../stored-tensor.ts";

/** True if the file holds weights or a whole model in this format. */
export function isKerasH5(root: Hdf5Group): boolean {
  return hasList(root, "layer_names") || root.keys().includes("model_weights");
}

/**
 * The layers of the file that have weights, in order. Every tensor's shape is known to fit its bytes.
 * @throws FormatError, UnsupportedError; ValueError if the model has weights outside its layers, which ours never have.
 */
export function readKerasH5(root: Hdf5Group): WeightsFile {
  const group = hasList(root, "layer_names") ? root : root.group("model_weights");
  const names = list(group, "layer_names");
  if (new Set(names).size !== names.length) throw formatError("Invalid H5 file: a layer is listed twice.");
  const layers = names.map((name) => readLayer(group, name)).filter(({ tensors }) => tensors.length > 0);
  if (group.keys().includes("top_level_model_weights")) {
    const { length } = readLayer(group, "top_level_model_weights").tensors;
    if (length > 0) {
      throw valueError(
        "Weight count mismatch for top-level weights when loading weights from file. " +
          `Model expects 0 top-level weight(s). Received ${length} saved top-level weight(s)`,
      );
    }
  }
  return { format: "Keras HDF5", layers };
}

function readLayer(group: Hdf5Group, name: string): StoredLayer {
  return { name, tensors: variablesIn(group.group(name)) };
}

function variablesIn(group: Hdf5Group): readonly StoredVariable[] {
  return list(group, "weight_names").map((name) => group.dataset(name).stored(name));
}

/** The optimizer's variables, in order; undefined if the file has none. */
export function optimizerWeights(root: Hdf5Group): readonly StoredVariable[] | undefined {
  return root.keys().includes("optimizer_weights") ? variablesIn(root.group("optimizer_weights")) : undefined;
}

function hasList(group: Hdf5Group, name: string): boolean {
  return group.attribute(name) !== undefined || group.attribute(`${name}0`) !== undefined;
}

/** A list of names; a long one is spread over `name0`, `name1`, … because an object's header is at most 64 kB. */
function list(group: Hdf5Group, name: string): readonly string[] {
  const whole = group.attribute(name);
  if (whole !== undefined) return whole.strings();
  const names: string[] = [];
  for (let chunk = 0; ; chunk++) {
    const part = group.attribute(`${name}${chunk}`);
    if (part === undefined) return names;
    names.push(...part.strings());
  }
}
