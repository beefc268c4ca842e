/**
 * What Keras writes as a layer and is none here: operations on tensors (keras.src.ops; `TFOpLambda` in Keras 2), such as those by
 * which `preprocess_input` inside a model scales pixels, which become one Rescaling each; and layers that act in training alone.
 */
import { show } from "../../core/errors.ts";
import { LAYER_CLASSES } from "../../layers/registry.ts";
import type { LayerDescription } from "../checkpoint.ts";
import { unsupportedError } from "../file-errors.ts";
import { type Json, member } from "../bytes/json.ts";
import type { Call } from "./calls.ts";

/** Layers without weights that hand on what they are given in inference. */
const TRAINING_ONLY: ReadonlySet<string> = new Set([
  "ActivityRegularization",
  "AlphaDropout",
  "GaussianDropout",
  "GaussianNoise",
  "Identity",
  "RandomBrightness",
  "RandomContrast",
  "RandomFlip",
  "RandomHeight",
  "RandomHue",
  "RandomRotation",
  "RandomSaturation",
  "RandomShear",
  "RandomTranslation",
  "RandomWidth",
  "RandomZoom",
  "SpatialDropout2D",
]);

export function actsInTrainingAlone(className: string): boolean {
  return TRAINING_ONLY.has(className);
}

interface Scaling {
  readonly scale: number;
  readonly offset: number;
}

/** The scale and offset of an operation with a constant, by Keras 3's class and by Keras 2's function. */
const SCALINGS: ReadonlyMap<string, (constant: number) => Scaling> = new Map([
  ...aliases(["TrueDivide", "Divide", "math.truediv", "math.divide"], (c) => ({ scale: 1 / c, offset: 0 })),
  ...aliases(["Multiply", "math.multiply"], (c) => ({ scale: c, offset: 0 })),
  ...aliases(["Subtract", "math.subtract"], (c) => ({ scale: 1, offset: -c })),
  ...aliases(["Add", "math.add", "__operators__.add"], (c) => ({ scale: 1, offset: c })),
]);

const COMMUTING = /^(?:Add|Multiply)$/;

function aliases(
  names: readonly string[],
  scaling: (constant: number) => Scaling,
): readonly (readonly [string, (constant: number) => Scaling])[] {
  return names.map((name) => [name, scaling]);
}

/**
 * The layer with its applications; operations as the layers that do the same.
 * @throws UnsupportedError for other operations, and for arguments of calls that change what a layer does.
 */
export function withCalls(layer: LayerDescription, item: Json, calls: readonly Call[]): LayerDescription {
  const nodes = calls.map(({ tensors }) => tensors);
  const operation = operationOf(layer, item, calls);
  if (operation === undefined) {
    refuseUnknownClass(layer);
    for (const { kwargs } of calls) {
      for (const [name, value] of kwargs) refuseArgument(layer.name, name, value);
    }
    const training = calls.map(({ kwargs }) => (kwargs.get("training") === false ? false : null));
    return { ...layer, nodes, ...(training.includes(false) && { training }) };
  }
  const { name } = layer;
  const isSum = operation === "Add" || operation === "math.add" || operation === "__operators__.add";
  if (isSum && calls.every(({ tensors }) => tensors.length === 2)) {
    return { className: "Add", name, config: { name }, nodes };
  }
  const scaling = SCALINGS.get(operation);
  const [call, ...more] = calls;
  const constant = call === undefined || more.length > 0 ? undefined : constantOf(operation, call);
  if (scaling === undefined || constant === undefined) {
    throw unsupportedError(
      `Operation '${show(name)}' (${show(operation)}) is not read. Read are sums, differences, products and quotients of a ` +
        "tensor and a number; replace others by layers.",
    );
  }
  return { className: "Rescaling", name, config: { name, ...scaling(constant) }, nodes };
}

/** @throws UnsupportedError if the layer is neither a model nor of a class that there is here. */
export function refuseUnknownClass({ className, name, model }: LayerDescription): void {
  if (model !== undefined || LAYER_CLASSES.includes(className)) return;
  throw unsupportedError(
    `Layer '${show(name)}' is of class ${show(className)}, which is not read here. ` +
      `Known layers are: ${LAYER_CLASSES.join(", ")}.`,
  );
}

function operationOf({ className }: LayerDescription, item: Json, calls: readonly Call[]): string | undefined {
  if (className === "TFOpLambda") {
    const called = member(member(item, "config"), "function");
    return typeof called === "string" ? called : className;
  }
  const module = member(item, "module");
  if (typeof module === "string") return module.startsWith("keras.src.ops.") ? className : undefined;
  // HDF5 files do not say which module a class is of. Layers are never called with numbers.
  const withNumber = calls.some(({ args }) => args.some((arg) => typeof arg === "number"));
  return withNumber ? className : undefined;
}

/** The number that a tensor is combined with; undefined if it is not that simple. */
function constantOf(operation: string, { args, kwargs, tensors, style }: Call): number | undefined {
  if (tensors.length !== 1) return undefined;
  const given = style === "keras 2" ? kwargs.get("y") : args.length === 2 ? args[1] : undefined;
  const swapped = COMMUTING.test(operation) && args.length === 2 ? args[0] : undefined;
  return [given, swapped].find((value) => typeof value === "number");
}

/** Refuses an argument of a call. `training=False` is kept elsewhere, and `mask=None` changes nothing. */
function refuseArgument(layer: string, name: string, value: Json): void {
  if (value === null || value === false) return;
  const shown = value instanceof Map ? "{…}" : Array.isArray(value) ? "[…]" : show(value);
  throw unsupportedError(`Layer '${layer}' is called with ${show(name)}=${shown}, which is not read.`);
}
