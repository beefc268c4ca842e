/** Feature maps: the layers of a model, and of models nested in it, whose output has rows and columns. */
import { valueError } from "../core/errors.ts";
import { nearNames } from "../core/nearest.ts";
import { formatShape } from "../core/shape.ts";
import { Network } from "../graph/network.ts";
import type { Program, Step } from "../graph/program.ts";
import type { Layer } from "../layers/layer.ts";

/** The output of a layer in a program. */
export interface FeatureMap {
  /** The path of the layer. */
  readonly path: string;
  /** The number of the value in the program. */
  readonly value: number;
}

/** The largest number of layers that an error lists. */
const MOST_NAMED = 8;
/** The largest number of similar names that an error suggests. */
const MOST_MEANT = 3;

/**
 * The feature map of the layer with a name or path; for a nested model, the feature map that is its output. Without a name, it is the last
 * feature map larger than 1 × 1. If a layer was applied several times, it is the output of the last application.
 *
 * @throws ValueError if there is no such layer, or its output has no rows and columns
 */
export function featureMapOf(model: Network, program: Program, name: string | undefined): FeatureMap {
  const paths = pathsOf(model);
  if (name === undefined) return lastFeatureMap(program, paths);
  const found = paths.has(name) ? [name] : [...paths.keys()].filter((path) => path.endsWith(`/${name}`));
  const [path, ...more] = found;
  if (path === undefined) {
    throw valueError(`No such layer: ${name}. ${nearTo(name, program, paths)}${namesOf(program, paths)}`);
  }
  if (more.some((other) => paths.get(other) !== paths.get(path)))
    throw valueError(`Several layers are named ${name}: ${found.join(", ")}. Give one of these paths.`);
  const layer = paths.get(path);
  const step = program.steps.findLast((one) => one.layer === layer);
  if (step === undefined || !isMap(program, step)) {
    const shape =
      step === undefined ? "" : `: its output has the shape ${formatShape(program.shapes[step.output] ?? [])}`;
    throw valueError(`Layer '${path}' has no feature map${shape}. ${namesOf(program, paths)}`);
  }
  return { path, value: step.output };
}

function lastFeatureMap(program: Program, paths: ReadonlyMap<string, Layer>): FeatureMap {
  const maps = program.steps.filter((step) => isMap(program, step));
  const large = maps.findLast(({ output }) => program.shapes[output]?.slice(1, 3).some((axis) => axis !== 1));
  const step = large ?? maps.at(-1);
  if (step === undefined) {
    throw valueError("No layer of the model has a feature map: an output of the shape (batch, rows, cols, channels).");
  }
  return { path: pathOf(step.layer, paths), value: step.output };
}

function isMap(program: Program, { output }: Step): boolean {
  return program.shapes[output]?.length === 4;
}

/** All layers by their paths; the path of a nested model stands for the layer that makes its output. */
export function pathsOf(model: Network, before = ""): ReadonlyMap<string, Layer> {
  const paths = new Map<string, Layer>();
  for (const layer of model.layers) {
    const path = `${before}${layer.name}`;
    paths.set(path, lastOf(layer));
    if (layer instanceof Network) for (const [inner, within] of pathsOf(layer, `${path}/`)) paths.set(inner, within);
  }
  return paths;
}

function lastOf(layer: Layer): Layer {
  return layer instanceof Network ? lastOf(layer.output.node.layer) : layer;
}

/** The path of a layer: the longest one, since shorter ones are those of models that end with it. */
export function pathOf(layer: Layer, paths: ReadonlyMap<string, Layer>): string {
  const found = [...paths].filter(([, one]) => one === layer).map(([path]) => path);
  return found.toSorted((a, b) => b.length - a.length)[0] ?? layer.name;
}

/** A suggestion of layers with similar names. A name without a slash is compared with names, one with a slash with paths. */
function nearTo(name: string, program: Program, paths: ReadonlyMap<string, Layer>): string {
  const maps = new Set(program.steps.filter((step) => isMap(program, step)).map(({ layer }) => layer));
  const known = new Map<string, string[]>();
  for (const layer of maps) {
    const path = pathOf(layer, paths);
    const key = name.includes("/") ? path : layer.name;
    known.set(key, [...(known.get(key) ?? []), path]);
  }
  const near = nearNames(name, [...known.keys()]).flatMap((key) => known.get(key) ?? []);
  return near.length === 0 ? "" : `Did you mean ${near.slice(0, MOST_MEANT).join(", or ")}? `;
}

function namesOf(program: Program, paths: ReadonlyMap<string, Layer>): string {
  const maps = program.steps.filter((step) => isMap(program, step)).toReversed();
  const names = maps.slice(0, MOST_NAMED).map(({ layer }) => pathOf(layer, paths));
  return `Layers with feature maps, from the last: ${names.join(", ")}${maps.length > MOST_NAMED ? ", …" : ""}.`;
}
