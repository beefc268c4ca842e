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
import { Hdf5Dataset } from "../hdf5/dataset.ts";
import { Hdf5Group } from "../hdf5/hdf5.ts";
import { kerasPaths } from "./paths.ts";
import type { MismatchOptions } from "./layer-order.ts";

/** The name of the group `layers` in files of Keras 2.13. */
const OLD_CONTAINER = "_layer_checkpoint_dependencies";

/** True if the file has the groups of Keras 3. */
export function isKerasWeightsH5(root: Hdf5Group): boolean {
  return root.keys().some((key) => key === "layers" || key === OLD_CONTAINER);
}

/** What the group of the layers is called, at every level. */
export function containerOf(root: Hdf5Group): string {
  return root.keys().includes("layers") ? "layers" : OLD_CONTAINER;
}

function layersWithin(layer: Layer): readonly Layer[] | undefined {
  return layer instanceof Network ? layer.layers : undefined;
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
