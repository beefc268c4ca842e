/** What every checkpoint is once it is read, whatever its format: a model described in Keras's terms, and tensors for its weights. */
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { LayerConfig } from "../layers/layer.ts";
import type { StoredTensor } from "./stored-tensor.ts";

/** A tensor in a described graph: the `output`-th output of the `node`-th application of a layer. */
export interface TensorReference {
  readonly layer: string;
  readonly node: number;
  readonly output: number;
}

/** A layer, or a model used as one, with every place where it is applied. */
export interface LayerDescription {
  /** Keras's class name: `Conv2D`, `InputLayer`; `Functional` and `Sequential` for models. */
  readonly className: string;
  readonly name: string;
  /** Arguments as `layerFromConfig` takes them (camelCase); empty for models. */
  readonly config: LayerConfig;
  /** The model itself, where the layer is one. */
  readonly model?: ModelDescription | undefined;
  /** For each application the tensors that it takes; InputLayers have none. */
  readonly nodes: readonly (readonly TensorReference[])[];
  /** For each application false where it is one of inference even in training; left out where there is none such. */
  readonly training?: readonly (boolean | null)[] | undefined;
}

export interface ModelDescription {
  readonly className: "Functional" | "Sequential";
  readonly name: string;
  readonly trainable: boolean;
  readonly layers: readonly LayerDescription[];
  readonly inputs: readonly TensorReference[];
  readonly outputs: readonly TensorReference[];
  /** For a Sequential without an InputLayer: the shape it was built with. */
  readonly buildShape?: Shape | undefined;
}

/** How pictures are scaled before the model sees them: pixel × scale + offset, for each channel or for all. */
export interface Preprocessing {
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];
}

/** An object of Keras as configs have it: its class, and arguments in camelCase. */
export interface ObjectDescription {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** An object or the name of one; or several, for outputs by their order or (in a Map) by their names. */
export type Described = string | ObjectDescription | null | readonly Described[] | ReadonlyMap<string, Described>;

/** What a model was compiled with (keras.Model.get_compile_config). */
export interface CompileConfig {
  readonly optimizer: ObjectDescription;
  readonly loss: Described;
  readonly lossWeights: readonly number[] | ReadonlyMap<string, number> | null;
  readonly metrics: Described;
  readonly weightedMetrics: Described;
}

/** A variable of an optimizer in a file. */
export interface StoredVariable extends StoredTensor {
  /** The first value, as precisely as the file has it: counts of steps are integers of 64 bits. */
  first(): number;
}

/** How a model was trained, as a file has it. */
export interface StoredTraining {
  readonly config: CompileConfig;
  /** The optimizer's variables in Keras's order, looked for when they are asked for; undefined for none. @throws FormatError, UnsupportedError */
  readonly variables: () => readonly StoredVariable[] | undefined;
}

/** How a model is trained, as writers take it. */
export interface SavedTraining {
  readonly config: CompileConfig;
  readonly variables: readonly { readonly name: string; readonly value: Tensor }[];
}

/** Who made the checkpoint, as far as its content tells. */
export type Origin =
  "keras" | "tfjs" | "teachable-machine" | "huggingface" | "timm" | "torchvision" | "tflite" | "onnx" | "mobilenet-v2";

export interface Checkpoint {
  /** What to call the format in messages: `Keras 3 (.keras)`, `safetensors`. */
  readonly format: string;
  readonly origin: Origin;
  /** Undefined where the file has weights only and its origin does not tell the architecture. */
  readonly model: ModelDescription | undefined;
  /** Every tensor of the file, under the file's own names. */
  readonly tensors: readonly StoredTensor[];
  /** The tensor of each weight, by `layer/weight` (`Conv1/kernel`; nested models' layers with the model's name before: `base/Conv1/kernel`). */
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly classNames?: readonly string[] | undefined;
  /** Undefined where it is Keras's own for MobileNetV2: x / 127.5 − 1. */
  readonly preprocessing?: Preprocessing | undefined;
  /** How the model was trained, where the file says it; or why that cannot be taken up here. */
  readonly training?: StoredTraining | { readonly refused: string } | undefined;
  /** True where the weights are the integers of a quantized model: `loadQuantized` opens it. */
  readonly quantized?: boolean | undefined;
}

/** Files as a reader may ask for them: the one that was named, and its neighbours by plain relative names. */
export interface FileSource {
  /** The name of the main file without folders, for messages and class names; may be empty. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The file of that name beside it (or in the same folder or archive); undefined where there is none. Never leaves the folder. */
  readonly sibling: (name: string) => Promise<Uint8Array | undefined>;
}

/** A format of checkpoints: found from the content, never from the name alone. */
export interface CheckpointFormat {
  readonly id: string;
  /** True where the bytes are of this format; must not throw and must look at a bounded part. */
  readonly matches: (source: FileSource) => boolean;
  /** Reads everything but the values. @throws FormatError, UnsupportedError. */
  readonly open: (source: FileSource) => Promise<Checkpoint>;
}

/** A model with its values, as writers take it. */
export interface SavedModel {
  readonly model: ModelDescription;
  /** The values of each weight, by `layer/weight` as in `Checkpoint.weights`. */
  readonly weights: ReadonlyMap<string, Tensor<Float32Array>>;
  readonly classNames?: readonly string[] | undefined;
  /** Undefined where it is Keras's own for MobileNetV2: x / 127.5 − 1. */
  readonly preprocessing?: Preprocessing | undefined;
  readonly training?: SavedTraining | undefined;
}

export interface WrittenFile {
  /** A plain name. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A format that models are written in. */
export interface CheckpointWriter {
  /** The name that `save(target, { format })` takes. */
  readonly id: string;
  /** Endings of file names that mean this format where none is named: `.keras`. */
  readonly endings: readonly string[];
  /** Whether it has a place for how the model is trained. Default: false. */
  readonly holdsTraining?: boolean;
  /** The files, the main one first; it is called `name`, others are named after it. @throws UnsupportedError for what the format cannot say. */
  readonly write: (saved: SavedModel, name: string) => Promise<readonly WrittenFile[]>;
}
