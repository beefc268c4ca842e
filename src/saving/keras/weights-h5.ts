/**
 * Keras 3's weights, `.weights.h5` (keras.src.saving.saving_lib): the tensors of a layer are `0`, `1`, … in the group
 * `layers/<class name in snake case>[_<n>]/vars`, where n counts the layers of that class in the model; models nest.
 */
import { warn } from "#platform";
import { valueError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { Network } from "../../graph/network.ts";
import type { Layer } from "../../layers/layer.ts";
import { type Assignment, assignAll, fits } from "../assignment.ts";
import type { LayerDescription, ModelDescription, StoredVariable } from "../checkpoint.ts";
import { formatError } from "../file-errors.ts";
import { Hdf5Dataset } from "../hdf5/dataset.ts";
import { Hdf5Group } from "../hdf5/hdf5.ts";
import { kerasPaths } from "./paths.ts";
import { isUnbuilt, leavesOf, weightNames, weightsMismatch } from "../layer-weights.ts";
import type { MismatchOptions } from "./layer-order.ts";
import type { StoredTensor } from "../stored-tensor.ts";

/** The name of the group `layers` in files of Keras 2.13. */
const OLD_CONTAINER = "_layer_checkpoint_dependencies";

/** The most levels of groups within groups: a model within takes two. */
const MAX_DEPTH = 64;

/** True if the file has the groups of Keras 3. */
export function isKerasWeightsH5(root: Hdf5Group): boolean {
  return root.keys().some((key) => key === "layers" || key === OLD_CONTAINER);
}

/** What the group of the layers is called, at every level. */
function containerOf(root: Hdf5Group): string {
  return root.keys().includes("layers") ? "layers" : OLD_CONTAINER;
}

function layersWithin(layer: Layer): readonly Layer[] | undefined {
  return layer instanceof Network ? layer.layers : undefined;
}

/**
 * The tensors of a described model's weights, by `layer/weight`.
 * @throws FormatError if the file has more or fewer for a layer.
 */
export function kerasTensors(root: Hdf5Group, model: ModelDescription): ReadonlyMap<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  const within = ({ model: inner }: LayerDescription): readonly LayerDescription[] | undefined => inner?.layers;
  if (isUnbuilt(model) && allKerasTensors(root).length === 0) return tensors;
  const names = leavesOf(model);
  let next = 0;
  for (const { layer, path } of kerasPaths(model.layers, within, containerOf(root))) {
    const own = names[next++]?.path ?? layer.name;
    const weights = weightNames(layer);
    const stored = datasetsOf(root, path);
    if (stored.length !== weights.length) {
      throw weightsMismatch(
        layer,
        `Layer '${own}' expected ${weights.length} variables, but received ${stored.length} variables during loading. ` +
          `Expected: [${weights.map(([name]) => `'${name}'`).join(", ")}]`,
      );
    }
    for (const [i, [name]] of weights.entries()) {
      const tensor = stored[i];
      if (tensor !== undefined) tensors.set(`${own}/${name}`, tensor);
    }
  }
  return tensors;
}

/** The tensors `0`, `1`, … of the group of a layer, or of the optimizer. */
export function datasetsOf(root: Hdf5Group, path: string): readonly StoredVariable[] {
  const vars = root.get(path) instanceof Hdf5Group ? root.get(`${path}/vars`) : undefined;
  if (!(vars instanceof Hdf5Group)) return [];
  return vars.keys().map((_, i) => vars.dataset(String(i)).stored(`${path}/vars/${i}`));
}

/** Every tensor in a file of Keras 3, by its path, whatever model it is for. */
export function allKerasTensors(root: Hdf5Group): readonly StoredTensor[] {
  const found: StoredTensor[] = [];
  const visit = (group: Hdf5Group, path: string, depth: number): void => {
    if (depth > MAX_DEPTH) throw formatError(`The HDF5 file has groups more than ${MAX_DEPTH} levels deep.`);
    for (const key of group.keys()) {
      const object = group.get(key);
      const name = path === "" ? key : `${path}/${key}`;
      if (object instanceof Hdf5Group) visit(object, name, depth + 1);
      else if (object !== undefined) found.push(object.stored(name));
    }
  };
  visit(root.group(containerOf(root)), containerOf(root), 0);
  return found;
}

/** The most failures that an error lists; with more, Keras fills pages with names. */
const FAILURES_SHOWN = 10;

/**
 * Loads by Keras 3's rules: only what the layers ask for is looked at.
 * @throws ValueError in Keras's wording if the number of weights or a shape differs; with `skipMismatch` it is a warning.
 */
export function loadKerasWeightsH5(layers: readonly Layer[], root: Hdf5Group, options: MismatchOptions): void {
  const failures: { readonly layer: Layer; readonly reason: string }[] = [];
  const assignments: Assignment[] = [];
  for (const { layer, path } of kerasPaths(layers, layersWithin, containerOf(root))) {
    const found = pairs(layer, root, path);
    if (typeof found === "string") failures.push({ layer, reason: found });
    else assignments.push(...found);
  }
  const [first] = failures;
  if (first !== undefined) {
    const message =
      `A total of ${failures.length} objects could not be loaded. ` +
      `Example error message for object ${describe(first.layer)}:\n\n${first.reason}\n\n` +
      `List of objects that could not be loaded:\n[${failures
        .slice(0, FAILURES_SHOWN)
        .map(({ layer }) => describe(layer))
        .join(", ")}${failures.length > FAILURES_SHOWN ? ", …" : ""}]`;
    if (options.skipMismatch !== true) throw valueError(message);
    warn(message);
  }
  assignAll(assignments, options);
}

/** The layer's weights with their tensors, or why they do not fit. */
function pairs(layer: Layer, root: Hdf5Group, path: string): readonly Assignment[] | string {
  const { weights } = layer;
  const vars = root.get(path) instanceof Hdf5Group ? root.get(`${path}/vars`) : undefined;
  const stored = vars instanceof Hdf5Group ? vars.keys().length : 0;
  if (stored !== weights.length) {
    return (
      `Layer '${layer.name}' expected ${weights.length} variables, but received ${stored} variables during loading. ` +
      `Expected: [${weights.map(({ name }) => `'${name}'`).join(", ")}]`
    );
  }
  const assignments: Assignment[] = [];
  for (const [i, weight] of weights.entries()) {
    const dataset = vars instanceof Hdf5Group ? vars.get(String(i)) : undefined;
    const name = `${path}/vars/${i}`;
    if (!(dataset instanceof Hdf5Dataset)) return `The file has no dataset '${name}'.`;
    const tensor = dataset.stored(name);
    if (!fits({ weight, tensor })) {
      return (
        "The shape of the target variable and the shape of the target value in `variable.assign(value)` must match. " +
        `variable.shape=${formatShape(weight.shape)}, Received: value.shape=${formatShape(tensor.shape)}. ` +
        `Target variable: ${layer.name}/${weight.name}`
      );
    }
    assignments.push({ weight, tensor });
  }
  return assignments;
}

function describe(layer: Layer): string {
  return `<${layer.className} name=${layer.name}, built=${layer.built ? "True" : "False"}>`;
}
