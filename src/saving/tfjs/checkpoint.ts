/**
 * TensorFlow.js layers models as checkpoints: a model.json with its shards beside it. Models of Teachable Machine
 * (teachablemachine.withgoogle.com) have a metadata.json as well.
 */
import type { Checkpoint, FileSource, ModelDescription, Preprocessing } from "../checkpoint.ts";
import { type Extras, readExtras } from "../extras.ts";
import { formatError } from "../file-errors.ts";
import { type Json, member, parseJson } from "../bytes/json.ts";
import { readKerasModel } from "../keras/config.ts";
import { leavesOf, weightNames } from "../layer-weights.ts";
import { modelEnds } from "../keras/ends.ts";
import { type StoredTensor, byName } from "../stored-tensor.ts";
import { unlessUnsupported } from "../unread.ts";
import { readTfjsLayers, readTfjsTensors, tfjsShardPaths } from "./layers-model.ts";

/** How Teachable Machine scales pixels: x / 127 − 1. */
export const TEACHABLE_MACHINE: Preprocessing = { scale: 1 / 127, offset: -1 };

/** @throws FormatError, UnsupportedError; LimitError for a description that is too large. */
export async function open(source: FileSource): Promise<Checkpoint> {
  const json = parseJson(source.bytes);
  const checkpoint = await tfjsCheckpoint(json, (path) => source.sibling(path));
  const metadata = await source.sibling("metadata.json");
  return { ...checkpoint, ...readExtras(member(json, "userDefinedMetadata")), ...extrasBeside(metadata) };
}

/** The checkpoint of a parsed model.json. `shard` reads the files that its manifest names. */
export async function tfjsCheckpoint(
  json: Json,
  shard: (path: string) => Promise<Uint8Array | undefined>,
): Promise<Checkpoint> {
  const topology = member(json, "modelTopology");
  const paths = [...new Set(tfjsShardPaths(json))];
  const shards = new Map(await Promise.all(paths.map(async (path) => [path, await shard(path)] as const)));
  if (member(topology, "node") !== undefined) {
    const { readGraphModel } = await import("./graph-model.ts");
    return readGraphModel(
      json,
      readTfjsTensors(json, (path) => shards.get(path)),
    );
  }
  const description = member(topology, "model_config") ?? topology;
  const common = { format: "TensorFlow.js layers model", origin: "tfjs" } as const;
  return unlessUnsupported<Checkpoint>(
    () => {
      const model = readKerasModel(description);
      const { layers } = readTfjsLayers(json, (path) => shards.get(path));
      const stored = new Map(layers.map((layer) => [layer.name, layer.tensors]));
      return {
        ...common,
        model,
        tensors: layers.flatMap(({ tensors }) => tensors),
        weights: weightsOf(model, stored),
      };
    },
    (reason) => {
      const tensors = readTfjsTensors(json, (path) => shards.get(path));
      const unread = { reason, ...modelEnds(description) };
      return { ...common, model: undefined, unread, tensors, weights: byName(tensors) };
    },
  );
}

function weightsOf(
  model: ModelDescription,
  stored: ReadonlyMap<string, readonly StoredTensor[]>,
): ReadonlyMap<string, StoredTensor> {
  const weights = new Map<string, StoredTensor>();
  const taken = new Set<string>();
  for (const { layer, path } of leavesOf(model)) {
    const tensors = stored.get(layer.name) ?? [];
    const names = weightNames(layer);
    if (tensors.length === 0 && names.length === 0) continue;
    if (taken.has(layer.name)) {
      throw formatError(
        `Two layers of the model are called '${layer.name}', and the file does not say whose weights are whose.`,
      );
    }
    taken.add(layer.name);
    for (const tensor of tensors) {
      const name = ownName(tensor.name);
      if (!names.some(([known]) => known === name)) {
        throw formatError(`Layer '${path}' of class ${layer.className} has no weight for the tensor '${tensor.name}'.`);
      }
      weights.set(`${path}/${name}`, tensor);
    }
  }
  return weights;
}

/** `Conv1/depthwise_kernel` → `kernel`. */
function ownName(name: string): string {
  const own = name.slice(name.lastIndexOf("/") + 1).replace(/:0$/, "");
  return own === "depthwise_kernel" ? "kernel" : own;
}

/** What a metadata.json beside the model says: Teachable Machine's counts as a whole, of others only the names of classes do. */
function extrasBeside(bytes: Uint8Array | undefined): Extras & Partial<Pick<Checkpoint, "format" | "origin">> {
  if (bytes === undefined) return {};
  const metadata = parseJson(bytes);
  const { classNames } = readExtras(metadata);
  if (classNames === undefined) return {};
  const isTeachable =
    member(metadata, "tmVersion") !== undefined || member(metadata, "packageName") === "@teachablemachine/image";
  return isTeachable
    ? {
        format: "Teachable Machine image model",
        origin: "teachable-machine",
        classNames,
        preprocessing: TEACHABLE_MACHINE,
      }
    : { classNames };
}
