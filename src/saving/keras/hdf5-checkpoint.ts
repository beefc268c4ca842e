/** Keras's HDF5 files as checkpoints: whole models (`.h5`), or weights alone (`.h5`, `.weights.h5`). */
import type { Checkpoint, FileSource, ModelDescription } from "../checkpoint.ts";
import { readExtras } from "../extras.ts";
import { formatError } from "../file-errors.ts";
import type { Hdf5Group } from "../hdf5/hdf5.ts";
import { foundNow, readHdf5 } from "../hdf5/read.ts";
import { member, parseJson } from "../bytes/json.ts";
import { CONFIG, METADATA, kerasModel } from "./archive-checkpoint.ts";
import { WEIGHTS } from "./sniff.ts";
import { trainingOf } from "./compile.ts";
import { readKerasModel } from "./config.ts";
import { modelEnds } from "./ends.ts";
import { isKerasH5, optimizerWeights, readKerasH5 } from "./legacy-h5.ts";
import { allKerasTensors } from "./archive-checkpoint.ts";
import { isKerasWeightsH5 } from "./weights-h5.ts";
import { isUnbuilt, legacyWeights, weightsMismatch } from "../layer-weights.ts";
import { type StoredLayer, type StoredTensor, byName } from "../stored-tensor.ts";
import { unlessUnsupported } from "../unread.ts";

/** The attribute of the root in which our own files say more. */
export const EXTRAS = "mobilenet_v2";

/** @throws FormatError, UnsupportedError; LimitError for a description that is too large. */
export async function open({ bytes, name, sibling }: FileSource): Promise<Checkpoint> {
  if (name === WEIGHTS) {
    const config = await sibling(CONFIG);
    const description = config === undefined ? undefined : parseJson(config);
    // Folders of other programs have a file of that name too.
    if (description !== undefined && member(description, "class_name") !== undefined) {
      const metadata = await sibling(METADATA);
      return kerasModel("Keras 3 model (folder)", { description, weights: bytes, metadata });
    }
  }
  return readHdf5(bytes, openRoot);
}

function openRoot(root: Hdf5Group): Checkpoint {
  if (isKerasH5(root)) return openLegacy(root);
  if (isKerasWeightsH5(root)) {
    const tensors = allKerasTensors(root);
    return {
      format: "Keras 3 weights (.weights.h5)",
      origin: "keras",
      model: undefined,
      tensors,
      weights: byName(tensors),
    };
  }
  throw formatError("The HDF5 file holds no Keras weights: neither `layer_names` nor a group `layers` is in it.");
}

/** The states of random numbers, which layers that augment pictures keep among their weights. */
const RANDOM_STATE = /(?:^|\/)(?:StateVar|seed_generator_state)(?::0)?$/;

function openLegacy(root: Hdf5Group): Checkpoint {
  const layers = readKerasH5(root)
    .layers.map(({ name, tensors }) => ({ name, tensors: tensors.filter((tensor) => !RANDOM_STATE.test(tensor.name)) }))
    .filter(({ tensors }) => tensors.length > 0);
  const [config] = root.attribute("model_config")?.strings() ?? [];
  const tensors = layers.flatMap((layer) => layer.tensors);
  const ownNames = (): ReadonlyMap<string, StoredTensor> =>
    new Map(layers.flatMap((layer) => layer.tensors.map((tensor) => [ownName(layer, tensor), tensor])));
  if (config === undefined) {
    return { origin: "keras", tensors, format: "Keras weights (.h5)", model: undefined, weights: ownNames() };
  }
  const description = parseJson(new TextEncoder().encode(config));
  const [extras] = root.attribute(EXTRAS)?.strings() ?? [];
  const common = {
    origin: "keras",
    tensors,
    format: "Keras model (.h5)",
    ...(extras !== undefined && readExtras(parseJson(new TextEncoder().encode(extras)))),
  } as const;
  return unlessUnsupported<Checkpoint>(
    () => {
      const model = readKerasModel(description);
      const training = trainingOf(
        () => {
          const [json] = root.attribute("training_config")?.strings() ?? [];
          return json === undefined ? undefined : parseJson(new TextEncoder().encode(json));
        },
        foundNow(() => optimizerWeights(root)),
      );
      return { ...common, model, weights: byOrder(model, layers), ...training };
    },
    (reason) => {
      const unread = { reason, ...modelEnds(description) };
      return { ...common, model: undefined, unread, weights: ownNames() };
    },
  );
}

/** `layer/weight`, which files write as `Conv1/Conv1/kernel:0` or as `kernel:0`. */
function ownName(layer: StoredLayer, tensor: StoredTensor): string {
  const [first = "", ...rest] = tensor.name
    .replace(/:0$/, "")
    .replace(/\/depthwise_kernel$/, "/kernel")
    .split("/");
  return [layer.name, ...(first === layer.name && rest.length > 0 ? rest : [first, ...rest])].join("/");
}

/** The tensors by weight, as Keras gives them out: the k-th layer with weights takes those of the file's k-th. */
function byOrder(model: ModelDescription, saved: readonly StoredLayer[]): ReadonlyMap<string, StoredTensor> {
  if (saved.length === 0 && isUnbuilt(model)) return new Map();
  const own = model.layers
    .map((layer) => ({ layer, weights: legacyWeights(layer) }))
    .filter(({ weights }) => weights.length > 0);
  if (own.length !== saved.length) {
    throw formatError(
      "Layer count mismatch when loading weights from file. " +
        `Model expected ${own.length} layers, found ${saved.length} saved layers.`,
    );
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [k, { layer, weights }] of own.entries()) {
    const { name = "", tensors: stored = [] } = saved[k] ?? {};
    if (stored.length !== weights.length) {
      throw weightsMismatch(
        layer,
        `Weight count mismatch for layer #${k} (named ${layer.name} in the current model, ${name} in the save file). ` +
          `Layer expects ${weights.length} weight(s). Received ${stored.length} saved weight(s)`,
      );
    }
    for (const [i, { path }] of weights.entries()) {
      const tensor = stored[i];
      if (tensor !== undefined) tensors.set(path, tensor);
    }
  }
  return tensors;
}
