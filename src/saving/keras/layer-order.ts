/** Loads weights by the order or the names of layers, as Keras does from its HDF5 files (keras.src.legacy.saving.legacy_h5_format). */
import { warn } from "#platform";
import { valueError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Layer } from "../../layers/layer.ts";
import type { Weight } from "../../layers/weight.ts";
import { type Assignment, type AssignOptions, assignAll, fits } from "../assignment.ts";
import type { StoredLayer, WeightsFile } from "../stored-tensor.ts";

export interface MismatchOptions extends AssignOptions {
  /** Whether weights whose shapes differ are left as they are, with a warning. Default: false, which makes them an error. */
  readonly skipMismatch?: boolean | undefined;
}

/** The weights of a layer in the order of the file: the trainable ones of a model within come before all others. */
function inFileOrder(layer: Layer): readonly Weight[] {
  return [...layer.trainableWeights, ...layer.nonTrainableWeights];
}

/**
 * Gives the tensors of the file's k-th layer to the k-th layer with weights; names do not count.
 * @throws ValueError in Keras's wording if the number of layers or weights, or a shape, differs.
 */
export function loadByOrder(layers: readonly Layer[], file: WeightsFile, options: MismatchOptions): void {
  const own = layers.filter((layer) => inFileOrder(layer).length > 0);
  if (file.layers.length !== own.length) {
    throw valueError(
      "Layer count mismatch when loading weights from file. " +
        `Model expected ${own.length} layers, found ${file.layers.length} saved layers.`,
    );
  }
  const assignments = own.flatMap((layer, k) => {
    const saved = file.layers[k] ?? { name: "", tensors: [] };
    const weights = inFileOrder(layer);
    if (saved.tensors.length !== weights.length) {
      throw valueError(
        `Weight count mismatch for layer #${k} (named ${layer.name} in the current model, ${saved.name} in the save file). ` +
          `Layer expects ${weights.length} weight(s). Received ${saved.tensors.length} saved weight(s)`,
      );
    }
    return pairs(layer, k, weights, saved, options);
  });
  assignAll(assignments, options);
}

/**
 * Gives the tensors of every layer in the file to the layer of that name; layers that only one side has are left out.
 * @throws ValueError in Keras's wording if the number of weights or a shape differs.
 */
export function loadByName(layers: readonly Layer[], file: WeightsFile, options: MismatchOptions): void {
  const assignments = file.layers.flatMap((saved, k) =>
    layers
      .filter(({ name }) => name === saved.name)
      .flatMap((layer) => {
        const weights = inFileOrder(layer);
        if (saved.tensors.length === weights.length) return pairs(layer, k, weights, saved, options);
        const numbers = `Layer expects ${weights.length} weight(s). Received ${saved.tensors.length} saved weight(s)`;
        if (options.skipMismatch !== true) {
          throw valueError(`Weight count mismatch for layer #${k} (named ${layer.name}). ${numbers}`);
        }
        warn(
          `Skipping loading of weights for layer #${k} (named ${layer.name}) due to mismatch in number of weights. ${numbers}`,
        );
        return [];
      }),
  );
  assignAll(assignments, options);
}

/** The weights of one layer with their tensors, whose shapes are checked here. */
function pairs(
  layer: Layer,
  k: number,
  weights: readonly Weight[],
  saved: StoredLayer,
  options: MismatchOptions,
): Assignment[] {
  return weights.flatMap((weight, i) => {
    const tensor = saved.tensors[i];
    if (tensor === undefined) return [];
    if (fits({ weight, tensor })) return [{ weight, tensor }];
    const where = `layer #${k} (named ${layer.name})`;
    const shapes =
      `for weight ${layer.name}/${weight.name}. Weight expects shape ${formatShape(weight.shape)}. ` +
      `Received saved weight with shape ${formatShape(tensor.shape)}`;
    if (options.skipMismatch !== true) throw valueError(`Shape mismatch in ${where} ${shapes}`);
    warn(`Skipping loading weights for ${where} due to mismatch in shape ${shapes}`);
    return [];
  });
}
