/**
 * Calls of layers as descriptions have them. Operations on tensors, such as those by which `preprocess_input` inside a model scales pixels
 * (keras.src.ops; `TFOpLambda` in Keras 2), become the layers that do the same.
 */
import { show } from "../../core/errors.ts";
import { LAYER_CLASSES, isLayerClass } from "../../layers/registry.ts";
import type { LayerDescription } from "../checkpoint.ts";
import { unsupportedError } from "../file-errors.ts";
import { type Json, member } from "../bytes/json.ts";
import type { Call } from "./calls.ts";
import { shapeOf } from "./ends.ts";
import { type Equivalent, equivalentOf } from "./operators.ts";

/**
 * The layer with its applications; operations as the layers that do the same.
 * @throws UnsupportedError for classes that there are not here, for operations that no layer does, and for arguments of calls that change
 *   what a layer does.
 */
export function withCalls(layer: LayerDescription, item: Json, calls: readonly Call[]): LayerDescription {
  const nodes = calls.map(({ tensors }) => tensors);
  const operation = operationOf(layer, item, calls);
  if (operation !== undefined) return { ...layerOf(operation, layer.name, item, calls), name: layer.name, nodes };
  refuseUnknownClass(layer);
  for (const { kwargs, operands } of calls) {
    for (const [name, value] of kwargs) refuseArgument(layer.name, name, value);
    const constant = operands.find(
      (operand) => operand !== undefined && operand !== null && typeof operand !== "boolean",
    );
    if (constant !== undefined) throw calledWith(layer.name, constant);
  }
  const training = calls.map(({ kwargs }) => (kwargs.get("training") === false ? false : null));
  return { ...layer, nodes, ...(training.includes(false) && { training }) };
}

/** @throws UnsupportedError if the layer is neither a model nor of a class that there is here. */
export function refuseUnknownClass({ className, name, model }: LayerDescription): void {
  if (model !== undefined || isLayerClass(className)) return;
  throw unsupportedError(
    `Layer '${show(name)}' is of class ${show(className)}, which is not read here. ` +
      `Known layers are: ${LAYER_CLASSES.join(", ")}.`,
  );
}

/** The name of an operation on tensors; undefined for a layer. */
function operationOf({ className, model }: LayerDescription, item: Json, calls: readonly Call[]): string | undefined {
  const config = member(item, "config");
  if (className === "TFOpLambda" || className === "SlicingOpLambda") {
    const called = member(config, "function");
    return typeof called === "string" ? called : className;
  }
  const module = member(item, "module");
  if (typeof module === "string") return /^keras\.src\.(?:ops|activations)\./.test(module) ? className : undefined;
  // HDF5 files do not say which module a class is of. Operations have no dtype, but for Cast, which says to which.
  const isLayer = member(config, "trainable") !== undefined || member(config, "dtype") !== undefined;
  const isOfKeras3 = calls.some(({ style }) => style === "keras 3");
  return isOfKeras3 && (!isLayer || className === "Cast") && model === undefined ? className : undefined;
}

/** The layer that an operation becomes, the same for all of its calls. */
function layerOf(operation: string, name: string, item: Json, calls: readonly Call[]): Equivalent {
  const shape = shapeOf(member(member(item, "build_config"), "input_shape"));
  const [found, ...others] = calls.map((call) =>
    equivalentOf({
      name: operation,
      operands: call.operands,
      named: namedOf(item, call),
      shape: call.shape ?? shape,
    }),
  );
  if (found !== undefined && others.every((other) => JSON.stringify(other) === JSON.stringify(found))) {
    return { ...found, config: { ...found.config, name } };
  }
  throw unsupportedError(
    `Operation '${show(name)}' (${show(operation)}) is not read with what it is given. Read are operations that one layer does: ` +
      "arithmetic of a tensor and one number or one a channel, sums of tensors, activations, means and maxima over rows and columns, " +
      "reshaping, concatenation, resizing, padding; replace others by layers.",
  );
}

/** The arguments by name that say something: Keras 3 has some of them in the config, Keras 2 in the call. */
function namedOf(item: Json, { kwargs, style }: Call): ReadonlyMap<string, Json> {
  const config = member(item, "config");
  const own = style === "keras 3" && config instanceof Map ? [...config] : [];
  return new Map([...own, ...kwargs].filter(([argument, value]) => argument !== "name" && value !== null));
}

/**
 * Refuses an argument of a call. `training=False` is kept elsewhere, and `mask=None` changes nothing. Nor does `training=True`, which Keras
 * 3 writes for every layer that augments pictures: `predict` is inference whatever a call says.
 */
function refuseArgument(layer: string, name: string, value: Json): void {
  if (value === null || value === false || name === "training") return;
  throw calledWith(layer, value, `${show(name)}=`);
}

function calledWith(layer: string, value: Json, argument = ""): Error {
  const shown = value instanceof Map ? "{…}" : Array.isArray(value) ? "[…]" : show(value);
  return unsupportedError(`Layer '${layer}' is called with ${argument}${shown}, which is not read.`);
}
