/** Writes Keras's files: `.keras`, whole models and weights as `.h5`, and `.weights.h5`. */
import { type AttributeValue, GroupSpec, MAX_ATTRIBUTE_BYTES, writeHdf5 } from "../hdf5/write.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { LayerDescription, SavedModel, WrittenFile } from "../checkpoint.ts";
import { extrasToWrite } from "../extras.ts";
import { CONFIG, METADATA } from "./archive-checkpoint.ts";
import { EXTRAS } from "./hdf5-checkpoint.ts";
import { kerasCompileConfig, kerasTrainingConfig, putOptimizer } from "./compile-write.ts";
import { keras2Suffices, kerasModelConfig } from "./config-write.ts";
import { kerasPaths } from "./paths.ts";
import { WEIGHTS } from "./sniff.ts";
import { leavesOf, legacyWeights, weightNames } from "../layer-weights.ts";
import { writeZip } from "../zip/write.ts";

/** The version of Keras whose files these are like. */
const KERAS_VERSION = "3.15.1";

export async function writeKerasArchive(saved: SavedModel, name: string): Promise<readonly WrittenFile[]> {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const config = {
    ...kerasModelConfig(saved.model, "keras 3"),
    build_config: { input_shape: null },
    compile_config: saved.training === undefined ? null : kerasCompileConfig(saved.training.config),
  };
  const weights = kerasGroups(saved);
  if (saved.training !== undefined) putOptimizer(weights, saved.training);
  const bytes = writeZip([
    { name: METADATA, bytes: json({ keras_version: KERAS_VERSION, date_saved: dateSaved(), ...extrasToWrite(saved) }) },
    { name: CONFIG, bytes: json(config) },
    { name: WEIGHTS, bytes: writeHdf5(weights) },
  ]);
  return [{ name, bytes }];
}

export async function writeKerasWeights(saved: SavedModel, name: string): Promise<readonly WrittenFile[]> {
  return [{ name, bytes: writeHdf5(kerasGroups(saved)) }];
}

/** A whole model that Keras 3 and, unless a functional model is a layer of another, Keras 2 open. */
export async function writeKerasH5(saved: SavedModel, name: string): Promise<readonly WrittenFile[]> {
  const root = new GroupSpec();
  root.attributes.set("keras_version", KERAS_VERSION);
  root.attributes.set("backend", "tensorflow");
  const config = kerasModelConfig(saved.model, keras2Suffices(saved.model) ? "keras 2" : "keras 3");
  root.attributes.set("model_config", JSON.stringify(config));
  const extras = extrasToWrite(saved);
  if (extras !== undefined) root.attributes.set(EXTRAS, JSON.stringify(extras));
  fillLegacy(root.group("model_weights"), saved);
  // Without the optimizer's variables: Keras 3 takes them for an optimizer of no weights, which then trains nothing.
  if (saved.training !== undefined) {
    root.attributes.set("training_config", JSON.stringify(kerasTrainingConfig(saved.training.config)));
  }
  return [{ name, bytes: writeHdf5(root) }];
}

/** Weights alone, as in the published files. */
export async function writeLegacyWeights(saved: SavedModel, name: string): Promise<readonly WrittenFile[]> {
  const root = new GroupSpec();
  fillLegacy(root, saved);
  return [{ name, bytes: writeHdf5(root) }];
}

/** `2026-11-24@02:14:41`, as Keras writes it. */
function dateSaved(): string {
  return new Date().toISOString().slice(0, 19).replace("T", "@");
}

function kerasGroups({ model, weights }: SavedModel): GroupSpec {
  const root = new GroupSpec();
  root.group("vars").attributes.set("name", model.name);
  root.group("layers");
  const leaves = leavesOf(model);
  let next = 0;
  const within = ({ model: inner }: LayerDescription): readonly LayerDescription[] | undefined => inner?.layers;
  for (const { layer, path } of kerasPaths(model.layers, within, "layers")) {
    const own = leaves[next++]?.path ?? layer.name;
    if (layer.className === "InputLayer") continue;
    const vars = root.groupAt(`${path}/vars`);
    vars.attributes.set("name", layer.name);
    for (const [i, [name]] of weightNames(layer).entries()) put(vars, String(i), weights, `${own}/${name}`);
  }
  return root;
}

function fillLegacy(group: GroupSpec, { model, weights }: SavedModel): void {
  // `model.layers` of a Sequential leaves its input out.
  const layers = model.layers.filter(
    ({ className }) => !(model.className === "Sequential" && className === "InputLayer"),
  );
  setList(
    group,
    "layer_names",
    layers.map(({ name }) => name),
  );
  group.attributes.set("backend", "tensorflow");
  group.attributes.set("keras_version", KERAS_VERSION);
  for (const layer of layers) {
    const own = group.group(layer.name);
    const stored = legacyWeights(layer);
    // Keras repeats the layer's own name, but not that of the model around it.
    const names = stored.map(({ path }) => (layer.model === undefined ? path : path.slice(layer.name.length + 1)));
    setList(own, "weight_names", names);
    for (const [i, { path }] of stored.entries()) {
      const name = names[i] ?? path;
      const slash = name.lastIndexOf("/");
      put(slash < 0 ? own : own.groupAt(name.slice(0, slash)), name.slice(slash + 1), weights, path);
    }
  }
  setList(group.group("top_level_model_weights"), "weight_names", []);
}

function put(group: GroupSpec, name: string, weights: SavedModel["weights"], path: string): void {
  const tensor: Tensor<Float32Array> | undefined = weights.get(path);
  if (tensor !== undefined) group.members.set(name, tensor);
}

/** Sets a list of names, spread over `name0`, `name1`, … if it is too long for one attribute. */
function setList(group: GroupSpec, name: string, values: readonly string[]): void {
  const longest = Math.max(1, ...values.map((value) => new TextEncoder().encode(value).length));
  const parts = Math.ceil((values.length * longest) / MAX_ATTRIBUTE_BYTES);
  if (parts <= 1) {
    group.attributes.set(name, values);
    return;
  }
  const size = Math.ceil(values.length / parts);
  for (let part = 0; part < parts; part++) {
    const value: AttributeValue = values.slice(part * size, (part + 1) * size);
    group.attributes.set(`${name}${part}`, value);
  }
}
