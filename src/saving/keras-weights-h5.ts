/**
 * Keras 3's weights, `.weights.h5` (keras.src.saving.saving_lib): the tensors of a layer are `0`, `1`, … in the group
 * `layers/<class name in snake case>[_<n>]/vars`, where n counts the layers of that class in the model; models nest.
 */
import { warn } from "#platform";
import { valueError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { Network } from "../graph/network.ts";
import type { Layer } from "../layers/layer.ts";
import { toSnakeCase } from "../layers/naming.ts";
import { type Assignment, assignAll, fits } from "./assignment.ts";
import { Hdf5Dataset } from "./hdf5/dataset.ts";
import { Hdf5Group } from "./hdf5/hdf5.ts";
import type { MismatchOptions } from "./layer-order.ts";

/** What files of Keras 2.13 call the group `layers`. */
const OLD_CONTAINER = "_layer_checkpoint_dependencies";

/** True where the file has the groups of Keras 3. */
export function isKerasWeightsH5(root: Hdf5Group): boolean {
  return root.keys().some((key) => key === "layers" || key === OLD_CONTAINER);
}

/**
 * Loads by Keras 3's rules: only what the layers ask for is looked at.
 * @throws ValueError in Keras's wording where numbers of weights or shapes differ; with `skipMismatch` a warning.
 */
export function loadKerasWeightsH5(layers: readonly Layer[], root: Hdf5Group, options: MismatchOptions): void {
  const container = root.keys().includes("layers") ? "layers" : OLD_CONTAINER;
  const failures: { readonly layer: Layer; readonly reason: string }[] = [];
  const assignments: Assignment[] = [];
  for (const { layer, path } of leaves(layers, container)) {
    const found = pairs(layer, root, path);
    if (typeof found === "string") failures.push({ layer, reason: found });
    else assignments.push(...found);
  }
  const [first] = failures;
  if (first !== undefined) {
    const message =
      `A total of ${failures.length} objects could not be loaded. ` +
      `Example error message for object ${describe(first.layer)}:\n\n${first.reason}\n\n` +
      `List of objects that could not be loaded:\n[${failures.map(({ layer }) => describe(layer)).join(", ")}]`;
    if (options.skipMismatch !== true) throw valueError(message);
    warn(message);
  }
  assignAll(assignments, options);
}

/** Every layer that is no model, with its path: within nested models too. */
function* leaves(layers: readonly Layer[], container: string): Generator<{ layer: Layer; path: string }> {
  const used = new Map<string, number>();
  for (const layer of layers) {
    const name = toSnakeCase(layer.className);
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    const path = `${container}/${count === 0 ? name : `${name}_${count}`}`;
    if (layer instanceof Network) yield* leaves(layer.layers, `${path}/${container}`);
    else yield { layer, path };
  }
}

/** The layer's weights beside their tensors, or why they do not fit. */
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
    const tensor = { name, shape: dataset.shape, dtype: dataset.dtype, read: () => dataset.read() };
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
