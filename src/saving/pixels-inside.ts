/** Finds out how a model scales pixels itself: whether what it does first is to make small numbers of bytes. */
import type { Dims } from "../core/shape.ts";
import { isRecord } from "../layers/arguments.ts";
import { isPassingClass } from "../layers/regularization/passing-classes.ts";
import type { LayerDescription, ModelDescription, Preprocessing } from "./checkpoint.ts";
import { combined } from "./graphs/factors.ts";

/** Pixels as they are, from 0 to 255. */
export const RAW_PIXELS: Preprocessing = { scale: 1, offset: 0 };

/** Factors that bring bytes to about 1 are smaller; those for numbers from 0 to 1 are larger. */
const LEAST_OF_UNITS = 0.1;

/**
 * The `Rescaling` of pixels that a model begins with, as Keras's guides recommend, or its `preprocess_input`, up to the first that makes
 * small numbers: means may be subtracted before. Augmentation, which does nothing in inference, resizing and cropping may come before.
 * Pictures for it are not to be scaled once more, whether its file says so or not. Undefined if the model does not begin with one.
 */
export function scalingInside({ layers, inputs }: ModelDescription): Preprocessing | undefined {
  if (inputs.length > 1) return undefined;
  const users = usersOf(layers);
  const seen = new Set<string>();
  // The first layer of a Sequential takes its input, which need not be among its layers.
  let next = first(layers, inputs[0]?.layer, users);
  let done = { scale: [1], offset: [0] } as { readonly scale: Dims; readonly offset: Dims };
  while (next !== undefined && (isIdle(next) || next.className === "Rescaling") && !seen.has(next.name)) {
    seen.add(next.name);
    if (next.className === "Rescaling") {
      const [scale, offset] = [factorOf(next.config.scale), factorOf(next.config.offset ?? 0)];
      if (scale === undefined || offset === undefined) return undefined;
      done = {
        scale: combined(done.scale, listed(scale), (a, b) => a * b),
        offset: combined(
          combined(done.offset, listed(scale), (a, b) => a * b),
          listed(offset),
          (a, b) => a + b,
        ),
      };
      if (isOfPixels(done.scale)) return { scale: oneOrList(done.scale), offset: oneOrList(done.offset) };
    }
    const [user, ...more] = users.get(next.name) ?? [];
    if (more.length > 0) return undefined;
    next = user;
  }
  return next?.model === undefined ? undefined : scalingInside(next.model);
}

function listed(factor: number | Dims): Dims {
  return typeof factor === "number" ? [factor] : factor;
}

function oneOrList(factors: Dims): number | Dims {
  const [only, ...more] = factors;
  return only !== undefined && more.length === 0 ? only : factors;
}

function usersOf(layers: readonly LayerDescription[]): ReadonlyMap<string, readonly LayerDescription[]> {
  const users = new Map<string, LayerDescription[]>();
  for (const layer of layers) {
    for (const name of new Set(layer.nodes.flatMap((node) => node.map((taken) => taken.layer)))) {
      const known = users.get(name);
      if (known === undefined) users.set(name, [layer]);
      else known.push(layer);
    }
  }
  return users;
}

function first(
  layers: readonly LayerDescription[],
  input: string | undefined,
  users: ReadonlyMap<string, readonly LayerDescription[]>,
): LayerDescription | undefined {
  const takers = input === undefined ? [] : (users.get(input) ?? []);
  return takers.length === 0
    ? layers.find(({ className }) => className !== "InputLayer")
    : takers.length === 1
      ? takers[0]
      : undefined;
}

/** Layers that give pixels for pixels. */
const MOVING: ReadonlySet<string> = new Set(["Dropout", "Resizing", "CenterCrop", "ZeroPadding2D", "MaxPooling2D"]);

/** True for a layer that leaves the range of its input as it is in inference, and for a model of such layers. */
function isIdle({ className, config, model }: LayerDescription): boolean {
  if (model !== undefined) return model.layers.every((layer) => layer.className === "InputLayer" || isIdle(layer));
  const passes = MOVING.has(className) || isPassingClass(className);
  return passes || (className === "Activation" && config.activation === "linear");
}

function factorOf(given: unknown): number | readonly number[] | undefined {
  // Keras writes a NumPy array as { className: "__numpy__", config: { value: […] } }.
  const value = isRecord(given) && isRecord(given.config) ? given.config.value : given;
  if (typeof value === "number") return value;
  return Array.isArray(value) && value.every((one) => typeof one === "number") ? value : undefined;
}

function isOfPixels(scales: Dims): boolean {
  return scales.every((one) => Math.abs(one) < LEAST_OF_UNITS);
}
