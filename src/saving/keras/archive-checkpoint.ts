/** Keras 3's models, `.keras` (keras.src.saving.saving_lib): a zip archive with a config, the weights, and metadata. */
import type { Checkpoint, FileSource, LayerDescription, ModelDescription, StoredVariable } from "../checkpoint.ts";
import { readExtras } from "../extras.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { foundNow, readHdf5 } from "../hdf5/read.ts";
import { type Json, member, parseJson } from "../bytes/json.ts";
import { type StoredTensor, byName } from "../stored-tensor.ts";
import { Hdf5Group } from "../hdf5/hdf5.ts";
import { isUnbuilt, leavesOf, weightNames, weightsMismatch } from "../layer-weights.ts";
import { unlessUnsupported } from "../unread.ts";
import { trainingOf } from "./compile.ts";
import { readKerasModel } from "./config.ts";
import { modelEnds } from "./ends.ts";
import { WEIGHTS } from "./sniff.ts";
import { containerOf } from "./weights-h5.ts";
import { kerasPaths } from "./paths.ts";
import { unpackedMember } from "../zip/zip.ts";

export const CONFIG = "config.json";
export const METADATA = "metadata.json";

/** @throws FormatError, UnsupportedError; LimitError for a description that is too large, and for what unpacks to too much. */
export async function open({ bytes }: FileSource): Promise<Checkpoint> {
  const config = await unpackedMember(bytes, CONFIG);
  if (config === undefined) throw formatError(`The .keras archive has no '${CONFIG}'.`);
  const weights = await unpackedMember(bytes, WEIGHTS, false);
  if (weights === undefined) {
    throw unsupportedError(`The .keras archive has no '${WEIGHTS}', the one form of weights in it that is read.`);
  }
  const metadata = await unpackedMember(bytes, METADATA);
  return kerasModel("Keras 3 model (.keras)", { description: parseJson(config), weights, metadata });
}

/** The parts of a Keras 3 model, in an archive or in the folder that `save(zipped=False)` writes. */
interface Parts {
  readonly description: Json;
  readonly weights: Uint8Array;
  readonly metadata: Uint8Array | undefined;
}

/** `format`: its name in messages. */
export function kerasModel(format: string, { description, weights, metadata }: Parts): Promise<Checkpoint> {
  const common = {
    format,
    origin: "keras",
    // Keras's own metadata say when and by which version the file was made; ours say more.
    ...(metadata !== undefined && readExtras(parseJson(metadata))),
  } as const;
  return readHdf5(weights, (root) =>
    unlessUnsupported<Checkpoint>(
      () => {
        const model = readKerasModel(description);
        const tensors = kerasTensors(root, model);
        const training = trainingOf(
          () => member(description, "compile_config"),
          foundNow(() => datasetsOf(root, "optimizer")),
        );
        return { ...common, model, tensors: [...tensors.values()], weights: tensors, ...training };
      },
      (reason) => {
        const tensors = allKerasTensors(root);
        const unread = { reason, ...modelEnds(description) };
        return { ...common, model: undefined, unread, tensors, weights: byName(tensors) };
      },
    ),
  );
}

/** The most levels of groups within groups: a model within takes two. */
const MAX_DEPTH = 64;

/**
 * The tensors of a described model's weights, by `layer/weight`.
 * @throws FormatError if the file has more or fewer for a layer.
 */
function kerasTensors(root: Hdf5Group, model: ModelDescription): ReadonlyMap<string, StoredTensor> {
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
function datasetsOf(root: Hdf5Group, path: string): readonly StoredVariable[] {
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
