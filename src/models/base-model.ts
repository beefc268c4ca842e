/** The base class of functional and sequential models: predicting, loading, saving, summary, memory (keras.Model). */
import { openFiles } from "#platform";
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import { Lazy } from "../core/lazy.ts";
import { BYTES, FLAG, FUNCTION, LIMIT, PREPROCESSING, SIGNAL, TEXTS, check } from "../core/kinds.ts";
import { type Names, checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { executorOf } from "../engine/executor-of.ts";
import { batchesOf } from "../graph/batches.ts";
import { Network } from "../graph/network.ts";
import { programOf } from "../graph/program.ts";
import type { FilesSource, ReadOptions } from "../platform/contract.ts";
import type { Preprocessing, WrittenFile } from "../saving/checkpoint.ts";
import {
  type LoadWeightsOptions,
  hasKerasWeights,
  loadAnyKerasWeights,
  loadKerasWeights,
} from "../saving/keras/load-weights.ts";
import { mainFile } from "../saving/main-file.ts";
import type { LayerOptions } from "../layers/layer.ts";
import type { SaveOptions } from "./files/save-model.ts";
import { type SummaryOptions, summaryText } from "./summary/summary.ts";
import { type ThreadOptions, threadsOf } from "./threads.ts";

/** The options that all models share. */
export interface BaseModelOptions extends LayerOptions, ThreadOptions {}

const WEIGHTS_OPTIONS: Names<LoadWeightsOptions> = { byName: FLAG, skipMismatch: FLAG, allowNonFinite: FLAG };

/** The options of `predict`: there are none. Larger batches than fit into memory are given one after the other. */
export type PredictOptions = Readonly<Record<string, never>>;

/** A model that can predict. It holds memory until `dispose()`; `using` disposes of it at the end of a block. */
export abstract class BaseModel extends Network {
  readonly #executor = new Lazy(() => executorOf(programOf(this.graph), { threads: this.threads }));
  #disposed = false;
  #classNames: readonly string[] | undefined;
  #preprocessing: Preprocessing | undefined;
  /** The largest number of threads that share the work of a prediction. */
  readonly threads: number;

  constructor(options: BaseModelOptions = {}) {
    super(options);
    this.threads = threadsOf(options);
  }

  /**
   * The names of the classes, in the order of the outputs, if the model's file has them; they are saved with the model. The list is frozen:
   * set another one to change it.
   */
  get classNames(): readonly string[] | undefined {
    return this.#classNames;
  }

  set classNames(names: readonly string[] | undefined) {
    if (names !== undefined) check("a model", "classNames", names, TEXTS);
    this.#classNames = frozen(names);
  }

  /**
   * The scaling of pixels that the model expects, for `preprocessInput`; undefined means to [-1, 1]. It is saved with the model, and frozen.
   */
  get preprocessing(): Preprocessing | undefined {
    return this.#preprocessing;
  }

  set preprocessing(scaling: Preprocessing | undefined) {
    if (scaling !== undefined) check("a model", "preprocessing", scaling, PREPROCESSING);
    this.#preprocessing = frozen(scaling);
  }

  /**
   * Predicts all outputs for a batch of inputs, in inference mode.
   *
   * @param x a tensor of the input's shape with the batch axis first; a single sample without that axis, such as a picture
   *   [rows, cols, channels], is taken as a batch of one. Integers are converted to float32. A model with several inputs takes a list.
   * @returns a list with one tensor for each output, in the order of `outputs`
   * @throws ValueError if shapes do not fit; StateError after `dispose()`
   */
  async predictAll(x: Tensor | readonly Tensor[], options: PredictOptions = {}): Promise<Tensor<Float32Array>[]> {
    checkOptions("predict()", options, {});
    const batches = batchesOf(x, this);
    this.checkNotDisposed();
    const executor = await this.#executor.get();
    return [...(await executor.run(batches))];
  }

  /** A model that is called on tensors of numbers predicts. @throws what `predict` throws; ValueError if there are several outputs */
  protected override async compute(inputs: readonly Tensor[]): Promise<Tensor<Float32Array>> {
    const [only] = inputs;
    const [output, ...more] = await this.predictAll(inputs.length === 1 && only !== undefined ? only : inputs);
    if (output !== undefined && more.length === 0) return output;
    throw valueError(`Model '${this.name}' has ${more.length + 1} outputs: predict() gives all of them.`);
  }

  /**
   * Loads weights from a file of any supported format, which is recognized by its content: from Keras's `.h5` in the order of the layers, from
   * `.keras` and `.weights.h5` by Keras 3's rules, from other formats in the order of the layers, which must compute the same as the model's.
   * Either all weights are assigned or, on an error, none.
   *
   * @param source a path, a URL, bytes, a `Blob`, or the files of a folder that the user chose
   * @throws ValueError that names the first layer that does not fit; FormatError or UnsupportedError for the file's content; IOError or
   *   NetworkError if it cannot be read
   */
  async loadWeights(source: FilesSource, options: LoadWeightsOptions & ReadOptions = {}): Promise<void> {
    checkOptions("loadWeights()", options, {
      ...WEIGHTS_OPTIONS,
      maxBytes: LIMIT,
      signal: SIGNAL,
      onProgress: FUNCTION,
    });
    const file = await mainFile(await openFiles(source, options));
    if (hasKerasWeights(file.bytes)) {
      const { byName, skipMismatch, allowNonFinite } = options;
      await loadAnyKerasWeights(this.layers, file.bytes, { byName, skipMismatch, allowNonFinite });
      return;
    }
    const { loadForeignWeights } = await import("./files/load-foreign-weights.ts");
    await loadForeignWeights(this, file, options);
  }

  /** Loads weights from the bytes of a Keras file (`.h5`, `.weights.h5` or `.keras`), synchronously. See `loadWeights`. */
  loadWeightsFromBytes(bytes: Uint8Array, options: LoadWeightsOptions = {}): void {
    check("loadWeightsFromBytes()", "bytes", bytes, BYTES);
    checkOptions("loadWeightsFromBytes()", options, WEIGHTS_OPTIONS);
    loadKerasWeights(this.layers, bytes, options);
  }

  /**
   * Saves the whole model to a file, in the format of the file's ending (`.keras`, `.h5`, `.safetensors`, `.onnx`, `model.json`, …) or of the
   * option `format`. A file that exists is replaced only once the new one is complete. In browsers, use `toFiles` or `toBytes`.
   *
   * If the model is compiled, `.keras` files hold the training configuration with the optimizer's state, and `.h5` files the configuration:
   * see `includeOptimizer`.
   *
   * @param target the path of the file, or of a folder for formats of several files
   * @throws ValueError for an unknown ending or format; UnsupportedError if the format cannot represent the model; IOError if the file cannot
   *   be written
   */
  async save(target: string | URL, options: SaveOptions = {}): Promise<void> {
    const { saveModel } = await import("./files/save-model.ts");
    await saveModel(this, target, options);
  }

  /**
   * Saves the weights to a file: `.weights.h5` as Keras 3 writes them, or `.h5` in the format of the published weights. With any other
   * ending, the file has the whole model. @throws ValueError, UnsupportedError, IOError as `save` does
   */
  async saveWeights(target: string | URL, options: SaveOptions = {}): Promise<void> {
    const { saveWeights } = await import("./files/save-model.ts");
    await saveWeights(this, target, options);
  }

  /** The bytes of the file that `save` writes, or of the main file if the format has several (see `toFiles`). Default format: `keras`. */
  async toBytes(format = "keras", options: Omit<SaveOptions, "format"> = {}): Promise<Uint8Array> {
    const [main] = await this.toFiles(format, undefined, options);
    return main?.bytes ?? new Uint8Array();
  }

  /** The files that `save` writes, in memory, the main one first. `name` is the name of the main file, in formats that depend on it. */
  async toFiles(
    format: string,
    name?: string,
    options: Omit<SaveOptions, "format"> = {},
  ): Promise<readonly WrittenFile[]> {
    const { modelFiles } = await import("./files/save-model.ts");
    checkOptions("toFiles()", options, { includeOptimizer: FLAG, dtype: true });
    return modelFiles(this, { ...options, format }, name);
  }

  /** The number of bytes held for predictions: packed weights and working memory. It is 0 before the first prediction. */
  async memoryBytes(): Promise<number> {
    return (await this.#executor.made)?.memoryBytes ?? 0;
  }

  /** The number of values in each variable of the optimizer; undefined if there is no optimizer, or it is not built yet. */
  protected optimizerSizes(): readonly number[] | undefined {
    return undefined;
  }

  /**
   * Prints a table of the layers with their output shapes and numbers of parameters, as Keras does; once the model was trained, also the number
   * of the optimizer's.
   */
  summary(options: SummaryOptions = {}): void {
    const text = summaryText(this, options, this.optimizerSizes());
    (options.printFn ?? console.log)(text);
  }

  /**
   * Frees the memory of predictions. The weights stay readable and can be saved; predicting and training throw a StateError from then on, as
   * does a training in progress.
   */
  dispose(): void {
    this.#disposed = true;
    this.releaseExecutor();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Frees the executor, for models whose graph has changed; the next prediction makes a new one. */
  protected releaseExecutor(): void {
    this.#executor.release();
  }

  /** @throws StateError if the model was disposed of. */
  protected checkNotDisposed(): void {
    if (!this.#disposed) return;
    throw new MobileNetV2Error("StateError", `Model '${this.name}' was disposed of. Make or load it again.`);
  }
}
