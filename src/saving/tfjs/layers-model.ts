/**
 * TensorFlow.js layers models (tfjs-converter, tfjs-layers `model.save()`): a model.json with `modelTopology` and
 * `weightsManifest`, and shards of bytes, whole or quantised. Nothing of the topology but the layers' names is used.
 */
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Json, arrayOf, member, numberOf, stringOf } from "../bytes/json.ts";
import { elementSize, float32Of } from "../bytes/numbers.ts";
import type { StoredLayer, StoredTensor, WeightsFile } from "../stored-tensor.ts";

/** Gives the bytes of a shard by its path in the manifest; undefined if there is no such file. */
export type Shards = (path: string) => Uint8Array | undefined;

/**
 * The paths of a model's shards, in order: plain names relative to model.json.
 * @throws FormatError for a broken model.json, or for paths that could lead elsewhere.
 */
export function tfjsShardPaths(model: Json): readonly string[] {
  return manifest(model).flatMap(({ paths }) => paths);
}

/** The layers with weights, in the order of the topology. Every tensor's shape is known to fit its bytes. */
export function readTfjsLayers(model: Json, shards: Shards): WeightsFile {
  if (member(model, "format") === "graph-model") {
    throw unsupportedError(
      "This is a TF.js graph model, which has no layers. Open it with loadModel(), or convert the Keras model to a layers model.",
    );
  }
  const tensors = readTfjsTensors(model, shards);
  const byLayer = new Map<string, StoredTensor[]>();
  const names = topologyNames(model);
  const known = new Set(names);
  for (const tensor of tensors) {
    const path = tensor.name.slice(0, Math.max(0, tensor.name.lastIndexOf("/")));
    // Some have the names of the models around before the layer's.
    const layer = known.has(path) ? path : path.slice(path.lastIndexOf("/") + 1);
    const own = byLayer.get(layer);
    if (own === undefined) byLayer.set(layer, [tensor]);
    else own.push(tensor);
  }
  const layers: StoredLayer[] = [];
  for (const name of names) {
    const own = byLayer.get(name);
    if (own !== undefined) layers.push({ name, tensors: own });
    byLayer.delete(name);
  }
  const [stray] = byLayer.values();
  if (stray?.[0] !== undefined) throw formatError(`Tensor '${stray[0].name}' belongs to no layer of the topology.`);
  return { format: "TensorFlow.js layers model", layers };
}

/** Every tensor of the weights manifest, its shape known to fit its bytes. */
export function readTfjsTensors(model: Json, shards: Shards): readonly StoredTensor[] {
  const tensors = manifest(model).flatMap((group) => readGroup(group, shards));
  if (new Set(tensors.map(({ name }) => name)).size !== tensors.length) {
    throw formatError("The weights manifest has two tensors of one name.");
  }
  return tensors;
}

interface Group {
  readonly paths: readonly string[];
  readonly specs: readonly Json[];
}

function manifest(model: Json): Group[] {
  return arrayOf(member(model, "weightsManifest"), "`weightsManifest` of model.json").map((group) => ({
    paths: arrayOf(member(group, "paths"), "`paths` of the weights manifest").map(plainPath),
    specs: arrayOf(member(group, "weights"), "`weights` of the weights manifest"),
  }));
}

/** A file name, perhaps in folders below: nothing that an address or a file system takes for more. */
function plainPath(value: Json): string {
  // TF.js's own downloads begin so.
  const path = stringOf(value, "A path of the weights manifest").replace(/^\.\//, "");
  const plain = path.length <= 1000 && /^[\w.-][\w. -]*(?:\/[\w.-][\w. -]*)*$/.test(path);
  if (!plain || path.split("/").some((part) => /^\.+$/.test(part))) {
    throw formatError(
      `The weights manifest names the path ${JSON.stringify(path.slice(0, 200))}. Allowed are plain names relative to model.json.`,
    );
  }
  return path;
}

function readGroup({ paths, specs }: Group, shards: Shards): StoredTensor[] {
  const bytes = joined(
    paths.map((path) => {
      const shard = shards(path);
      if (shard === undefined) throw formatError(`The shard '${path}' of the weights manifest is missing.`);
      return shard;
    }),
  );
  let offset = 0;
  const tensors = specs.map((spec) => {
    const { size, tensor } = readSpec(spec, bytes, offset);
    offset += size;
    return { tensor, isOptimizer: member(spec, "group") === "optimizer" };
  });
  if (offset !== bytes.length) {
    throw formatError(
      `The shards ${paths.join(", ")} have ${bytes.length} bytes; the manifest's tensors take ${offset}.`,
    );
  }
  return tensors.filter(({ isOptimizer }) => !isOptimizer).map(({ tensor }) => tensor);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** The types that are read. Values become float32. */
const DTYPES = ["float32", "int32", "uint8", "bool"];
const QUANTIZED = ["uint8", "uint16", "float16"];

function readSpec(spec: Json, bytes: Uint8Array, offset: number): { size: number; tensor: StoredTensor } {
  const name = stringOf(member(spec, "name"), "The name of a tensor in the weights manifest");
  const shape = dimsOf(member(spec, "shape"), name);
  const dtype = stringOf(member(spec, "dtype"), `The dtype of tensor '${name}'`);
  if (!DTYPES.includes(dtype)) throw unsupportedError(`Tensor '${name}' has the dtype ${dtype}, which is not read.`);
  const quantization = member(spec, "quantization");
  const stored =
    quantization === undefined ? dtype : stringOf(member(quantization, "dtype"), `Quantization of '${name}'`);
  if (quantization !== undefined && !QUANTIZED.includes(stored)) {
    throw unsupportedError(`Tensor '${name}' is quantised as ${stored}. Read are: ${QUANTIZED.join(", ")}`);
  }
  const numbers = stored === "bool" ? "uint8" : stored;
  const size = elementCount(shape) * elementSize(numbers);
  if (size > bytes.length - offset) {
    throw formatError(
      `Tensor '${name}' of shape ${formatShape(shape)} takes ${size} bytes, but the shards have only ${bytes.length - offset} left.`,
    );
  }
  const data = { bytes: bytes.subarray(offset, offset + size), dtype: numbers, littleEndian: true };
  const isScaled = quantization !== undefined && stored !== "float16";
  const scale = isScaled ? numberOf(member(quantization, "scale"), `The scale of tensor '${name}'`) : 1;
  const min = isScaled ? numberOf(member(quantization, "min"), `The min of tensor '${name}'`) : 0;
  const read = (): Float32Array => {
    const values = float32Of(data);
    if (isScaled) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * scale + min;
    return values;
  };
  return { size, tensor: { name, shape, dtype: stored, read } };
}

function dimsOf(value: Json | undefined, name: string): Dims {
  return arrayOf(value, `The shape of tensor '${name}'`).map((axis) => {
    if (typeof axis === "number" && Number.isSafeInteger(axis) && axis >= 0) return axis;
    throw formatError(`The shape of tensor '${name}' should have whole numbers of 0 or more as its axes.`);
  });
}

/** The names of all layers in order; the layers of a model within stand in its place. */
function topologyNames(model: Json): string[] {
  const topology = member(model, "modelTopology");
  const names: string[] = [];
  const visit = (holder: Json | undefined): void => {
    const config = member(holder, "config");
    const layers = Array.isArray(config) ? config : member(config, "layers");
    for (const layer of arrayOf(layers, "The list of layers in `modelTopology`")) {
      const inner = member(layer, "config");
      if (!Array.isArray(inner) && member(inner, "layers") === undefined) {
        names.push(stringOf(member(layer, "name") ?? member(inner, "name"), "The name of a layer in `modelTopology`"));
      } else visit(layer);
    }
  };
  visit(member(topology, "model_config") ?? topology);
  return names;
}
