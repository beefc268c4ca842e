/**
 * The layers in a checkpoint of Keras's objects, as `tf.train.Checkpoint(model)` writes it and Keras 2's `model.save_weights("ckpt")`. Its
 * tensors are named by the way from the model to them: `layer_with_weights-3/gamma/.ATTRIBUTES/VARIABLE_VALUE` in Keras 2,
 * `model/_operations/10/gamma/.ATTRIBUTES/VARIABLE_VALUE` in Keras 3.
 */
import type { StoredLayer, StoredTensor } from "../stored-tensor.ts";

const VALUE = "/.ATTRIBUTES/VARIABLE_VALUE";
/** The step from a model to one of its layers, by number. */
const STEP = /(?:^|\/)(?:layer_with_weights-|(?:_operations|_layers|layers)\/)(\d{1,6})(?=\/)/g;

interface Found {
  /** The numbers of the layers on the way: of models within, too. */
  readonly numbers: readonly number[];
  readonly tensors: StoredTensor[];
}

/**
 * The layers that have weights, in the order of the model, those of models within in their place; their tensors have Keras's names of
 * weights. Undefined if the checkpoint is of something else, or of several models.
 */
export function layersOfObjects(tensors: ReadonlyMap<string, StoredTensor>): readonly StoredLayer[] | undefined {
  const layers = new Map<string, Found>();
  const roots = new Set<string>();
  for (const [key, tensor] of tensors) {
    const path = key.slice(0, -VALUE.length);
    // What an optimizer keeps beside a weight has a step with a dot.
    if (!key.endsWith(VALUE) || path.includes("/.")) continue;
    const steps = [...path.matchAll(STEP)];
    const last = path.lastIndexOf("/");
    if (steps.length === 0) continue;
    roots.add(path.slice(0, steps[0]?.index));
    const layer = layers.get(path.slice(0, last)) ?? { numbers: steps.map((step) => Number(step[1])), tensors: [] };
    const name = path.slice(last + 1).replace(/^_/, "");
    layer.tensors.push({ ...tensor, name: name === "depthwise_kernel" ? "kernel" : name });
    layers.set(path.slice(0, last), layer);
  }
  if (roots.size !== 1) return undefined;
  return [...layers]
    .toSorted(([, a], [, b]) => inOrder(a.numbers, b.numbers))
    .map(([name, found]) => ({ name, tensors: found.tensors }));
}

function inOrder(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, i) => number !== b[i]);
  return at < 0 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? 0);
}
