/** Writes TensorFlow.js layers models: a model.json and a weights.bin, and for Teachable Machine a metadata.json. */
import { formatShape } from "../../core/shape.ts";
import type { Preprocessing, SavedModel, WrittenFile } from "../checkpoint.ts";
import { extrasToWrite } from "../extras.ts";
import { unsupportedError } from "../file-errors.ts";
import { kerasModelConfig } from "../keras/config-write.ts";
import { type Leaf, leavesOf, weightNames } from "../layer-weights.ts";
import { TEACHABLE_MACHINE } from "./checkpoint.ts";

const SHARD = "weights.bin";
/** The version of Keras whose configs TF.js reads. */
const KERAS_VERSION = "2.15.0";

export async function writeTfjs(saved: SavedModel, name: string): Promise<readonly WrittenFile[]> {
  return files(saved, name, extrasToWrite(saved));
}

/** @throws UnsupportedError if the model scales pixels otherwise than Teachable Machine does, or has no class names. */
export async function writeTeachableMachine(saved: SavedModel, name: string): Promise<readonly WrittenFile[]> {
  const { classNames, preprocessing } = saved;
  if (classNames === undefined)
    throw unsupportedError("A Teachable Machine model has class names: set model.classNames.");
  if (!sameScaling(preprocessing, TEACHABLE_MACHINE)) {
    throw unsupportedError(
      "Teachable Machine scales pixels to x / 127 − 1, and the model was not made for that. " +
        "Train it so and set model.preprocessing = { scale: 1 / 127, offset: -1 }; or save it as tfjs-layers.",
    );
  }
  const shape =
    saved.model.layers.find(({ className }) => className === "InputLayer")?.config.batchShape ?? saved.model.buildShape;
  const imageSize: unknown = Array.isArray(shape) ? shape[1] : undefined;
  const metadata = {
    tfjsVersion: "1.3.1",
    tmVersion: "2.4.7",
    packageVersion: "0.8.4-alpha2",
    packageName: "@teachablemachine/image",
    timeStamp: new Date().toISOString(),
    userMetadata: {},
    modelName: saved.model.name,
    labels: classNames,
    imageSize: imageSize ?? 224,
  };
  return [...files(saved, name, undefined), { name: "metadata.json", bytes: json(metadata) }];
}

function files(saved: SavedModel, name: string, metadata: object | undefined): readonly WrittenFile[] {
  const tensors = leavesOf(saved.model).flatMap((leaf) => tensorsOf(leaf, saved));
  refuseDoubles(tensors.map((tensor) => tensor.name));
  const bytes = new Uint8Array(tensors.reduce((sum, { data }) => sum + data.byteLength, 0));
  let offset = 0;
  for (const { data } of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  const model = {
    format: "layers-model",
    generatedBy: `keras v${KERAS_VERSION}`,
    convertedBy: "mobilenet-v2",
    modelTopology: {
      keras_version: KERAS_VERSION,
      backend: "tensorflow",
      model_config: kerasModelConfig(saved.model, "tf.js"),
    },
    weightsManifest: [
      {
        paths: [SHARD],
        weights: tensors.map((tensor) => ({ name: tensor.name, shape: tensor.shape, dtype: "float32" })),
      },
    ],
    ...(metadata !== undefined && { userDefinedMetadata: metadata }),
  };
  return [
    { name: name.endsWith(".json") ? name : "model.json", bytes: json(model) },
    { name: SHARD, bytes },
  ];
}

interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function tensorsOf({ layer, path }: Leaf, { weights }: SavedModel): readonly NamedTensor[] {
  return weightNames(layer).map(([name]) => {
    const tensor = weights.get(`${path}/${name}`);
    if (tensor === undefined) throw unsupportedError(`Layer '${path}' has no values for its weight '${name}'.`);
    const own = layer.className === "DepthwiseConv2D" && name === "kernel" ? "depthwise_kernel" : name;
    return { name: `${layer.name}/${own}`, shape: tensor.shape, data: tensor.data };
  });
}

/** TF.js knows weights by their layer's name alone. */
function refuseDoubles(names: readonly string[]): void {
  const double = names.find((name, i) => names.indexOf(name) < i);
  if (double !== undefined) {
    throw unsupportedError(
      `Two layers with weights are called '${double.slice(0, double.indexOf("/"))}'; TF.js could not tell them apart.`,
    );
  }
}

function sameScaling(a: Preprocessing | undefined, b: Preprocessing): boolean {
  return a !== undefined && formatShape([a.scale, a.offset].flat()) === formatShape([b.scale, b.offset].flat());
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
