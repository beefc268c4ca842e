/** What every checkpoint is once it is read, whatever its format: a model described in Keras's terms, and tensors for its weights. */
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { LayerConfig } from "../layers/layer.ts";
import type { StoredLayer, StoredTensor } from "./stored-tensor.ts";

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
  /** The model itself, if the layer is one. */
  readonly model?: ModelDescription | undefined;
  /** The input tensors of each application of the layer. An InputLayer has none. */
  readonly nodes: readonly (readonly TensorReference[])[];
  /** For each application, false if it runs in inference mode even in training, else null. Missing if no application does. */
  readonly training?: readonly (boolean | null)[] | undefined;
}

/** A model in a file: its layers and how they are connected. */
export interface ModelDescription {
  /** Keras's class of the model. */
  readonly className: "Functional" | "Sequential";
  /** The name of the model. */
  readonly name: string;
  /** Whether training changes the model's weights. */
  readonly trainable: boolean;
  /** The layers, in Keras's order. */
  readonly layers: readonly LayerDescription[];
  /** The input tensors. */
  readonly inputs: readonly TensorReference[];
  /** The output tensors. */
  readonly outputs: readonly TensorReference[];
  /** The shape, with the batch axis, that a Sequential without an InputLayer was built with. */
  readonly buildShape?: Shape | undefined;
}

/** How pixels from 0 to 255 become what the model takes: pixel × scale + offset, with one number for all channels or one for each. */
export interface Preprocessing {
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];
}

/** An object of Keras as a config has it: its class, and its arguments in camelCase. */
export interface ObjectDescription {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** An object or the name of one; or several, one for each output, in order or (in a Map) by the names of the outputs. */
export type Described = string | ObjectDescription | null | readonly Described[] | ReadonlyMap<string, Described>;

/** The arguments a model was compiled with, as Keras's `Model.get_compile_config()` returns them. */
export interface CompileConfig {
  readonly optimizer: ObjectDescription;
  readonly loss: Described;
  readonly lossWeights: readonly number[] | ReadonlyMap<string, number> | null;
  readonly metrics: Described;
  readonly weightedMetrics: Described;
}

/** A variable of an optimizer in a file. */
export interface StoredVariable extends StoredTensor {
  /** Reads the first value with the file's precision: step counts are 64-bit integers. */
  first(): number;
}

/** The training configuration in a file, and the optimizer's state. */
export interface StoredTraining {
  readonly config: CompileConfig;
  /** Finds the optimizer's variables, in Keras's order; undefined if the file has none. @throws FormatError, UnsupportedError */
  readonly variables: () => readonly StoredVariable[] | undefined;
}

/** The training configuration of a model to save, and the optimizer's variables. */
export interface SavedTraining {
  readonly config: CompileConfig;
  readonly variables: readonly { readonly name: string; readonly value: Tensor }[];
}

/** The framework or tool that made a checkpoint, as far as its content shows. */
export type Origin =
  | "keras"
  | "tensorflow"
  | "tfjs"
  | "teachable-machine"
  | "huggingface"
  | "timm"
  | "torchvision"
  | "tflite"
  | "onnx"
  | "mobilenet-v2";

/** An input or an output of a model in a file. */
export interface ModelEnd {
  readonly name: string;
  /** With the batch axis; undefined if the file does not say. */
  readonly shape: Shape | undefined;
}

/** What a file says of its model, although something in it is not read here. */
export interface UnreadModel {
  /** The first thing that is not read, in a sentence that names its layer or node and its class: what `loadModel` throws as an UnsupportedError. */
  readonly reason: string;
  readonly inputs: readonly ModelEnd[];
  readonly outputs: readonly ModelEnd[];
}

/** A checkpoint: the description of a file, with its tensors. */
export interface Checkpoint {
  /** The name of the format in messages, such as `Keras 3 (.keras)` or `safetensors`. */
  readonly format: string;
  readonly origin: Origin;
  /** The model; undefined if it is `unread`, or if the file has only weights whose origin does not determine the architecture. */
  readonly model: ModelDescription | undefined;
  /** Given if the file has a model, but something in it is not read here. */
  readonly unread?: UnreadModel | undefined;
  /** Every tensor of the file, under the file's own names. */
  readonly tensors: readonly StoredTensor[];
  /** The tensor of each weight by its path: `Conv1/kernel`, or in a model within, `base/Conv1/kernel`. */
  readonly weights: ReadonlyMap<string, StoredTensor>;
  /** The layers that have weights, in the order of the model, if that is all that the file says of it; tensors have the names of weights: `kernel`. */
  readonly layers?: readonly StoredLayer[] | undefined;
  /** The names of the classes in the order of the output, if the file has them. */
  readonly classNames?: readonly string[] | undefined;
  /** The scaling of pixels that the model expects; undefined means Keras's for MobileNetV2, x / 127.5 − 1. */
  readonly preprocessing?: Preprocessing | undefined;
  /** The training configuration, if the file has one, or `refused`, the reason why it cannot be used here. */
  readonly training?: StoredTraining | { readonly refused: string } | undefined;
  /** True if the weights are the integers of a quantized model, which `loadQuantized` opens. */
  readonly quantized?: boolean | undefined;
}

/** The main file of a checkpoint, with a way to its neighbours. */
export interface FileSource {
  /** The name of the main file without its folders, for messages and for the name of the model. May be empty. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Reads the file of that name in the same folder or archive, or in a folder within; undefined if there is none. Never leaves the folder. */
  readonly sibling: (name: string) => Promise<Uint8Array | undefined>;
}

/** A format of checkpoints that is read. It is found from the content of a file, never from its name alone. */
export interface CheckpointFormat {
  readonly id: string;
  /** True if the bytes are of this format. Looks at a bounded part of them and never throws. */
  readonly matches: (source: FileSource) => boolean;
  /** Reads everything but the values of tensors; a model that is not read here is `unread`. @throws FormatError, UnsupportedError. */
  readonly open: (source: FileSource) => Promise<Checkpoint>;
}

/** A model with its values, as writers take it. */
export interface SavedModel {
  readonly model: ModelDescription;
  /** The values of each weight, by `layer/weight` as in `Checkpoint.weights`. */
  readonly weights: ReadonlyMap<string, Tensor<Float32Array>>;
  readonly classNames?: readonly string[] | undefined;
  /** How pixels are scaled; undefined for Keras's own way for MobileNetV2, x / 127.5 − 1. */
  readonly preprocessing?: Preprocessing | undefined;
  readonly training?: SavedTraining | undefined;
  /** The type in which weights are written. Default: float32. */
  readonly dtype?: WeightType | undefined;
}

/** The types in which weights of floats are written. */
export type WeightType = "float32" | "float16";

/** A file that a writer made, in memory. */
export interface WrittenFile {
  /** A plain name, without folders. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A format that models are written in. */
export interface CheckpointWriter {
  /** The name that `save(target, { format })` takes. */
  readonly id: string;
  /** The endings of file names that mean this format if no format is named: `.keras`. */
  readonly endings: readonly string[];
  /** Whether the format has a place for how the model is trained. Default: false. */
  readonly holdsTraining?: boolean;
  /** Whether weights can be written as float16. Default: false. */
  readonly holdsFloat16?: boolean;
  /** Makes the files, the main one first: it is called `name`, unless the format has a name for it. @throws UnsupportedError for what the format cannot say. */
  readonly write: (saved: SavedModel, name: string) => Promise<readonly WrittenFile[]>;
}
