/** What functional and sequential models do: predict on the engine, print themselves, free their memory (keras.Model). */
import { openFiles } from "#platform";
import { disposeWhenMade } from "../core/disposal.ts";
import { MobileNetV2Error } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { Engine } from "../engine/engine.ts";
import { batchesOf } from "../graph/batches.ts";
import { Network } from "../graph/network.ts";
import { programOf } from "../graph/program.ts";
import type { FilesSource, ReadOptions } from "../platform/contract.ts";
import type { Preprocessing, WrittenFile } from "../saving/checkpoint.ts";
import { type LoadWeightsOptions, hasKerasWeights, loadKerasWeights } from "../saving/keras/load-weights.ts";
import { mainFile } from "../saving/main-file.ts";
import type { LayerOptions } from "../layers/layer.ts";
import type { SaveOptions } from "./files/save-model.ts";
import { type SummaryOptions, summaryText } from "./summary/summary.ts";
import { type ThreadOptions, threadsOf } from "./threads.ts";

export interface BaseModelOptions extends LayerOptions, ThreadOptions {}

export abstract class BaseModel extends Network {
  #engine: Promise<Engine> | undefined;
  #disposed = false;
  /** The names of the classes in the order of the output, where the file that the model comes from has them; saved with it. */
  classNames: readonly string[] | undefined;
  /** How pixels are scaled for the model; undefined where it is `preprocessInput`'s way. Saved with it. */
  preprocessing: Preprocessing | undefined;
  /** How many threads may share the work of a prediction. */
  readonly threads: number;

  constructor(options: BaseModelOptions = {}) {
    super(options);
    this.threads = threadsOf(options);
  }

  /**
   * The model's answers for a batch, in inference mode.
   *
   * A model with one input takes a tensor of the input's shape with a batch axis before it; where exactly that axis is missing
   * (one picture [rows, cols, channels]), it is added. Integers are taken as float32. A model with several inputs takes an array.
   * Resolves to a tensor for a model made with one output, to an array in the order of `outputs` otherwise.
   *
   * @throws ValueError where shapes do not fit.
   */
  async predictAll(x: Tensor | readonly Tensor[]): Promise<Tensor<Float32Array>[]> {
    const batches = batchesOf(x, this);
    const engine = await this.#running();
    return [...(await engine.run(batches))];
  }

  /**
   * Loads weights from a file of any format that we read (found from its content): by layer order from Keras's `.h5`, by Keras 3's
   * own rules from `.weights.h5`, else in the order of the layers, which must compute the same as the model's. Either all weights
   * are taken or, on an error, none.
   *
   * @throws ValueError that names the first layer that does not fit; FormatError, UnsupportedError, IOError, NetworkError.
   */
  async loadWeights(source: FilesSource, options: LoadWeightsOptions & ReadOptions = {}): Promise<void> {
    checkOptions("loadWeights()", options, {
      byName: true,
      skipMismatch: true,
      allowNonFinite: true,
      maxBytes: true,
      signal: true,
      onProgress: true,
    });
    const file = await mainFile(await openFiles(source, options));
    if (hasKerasWeights(file.bytes)) {
      this.loadWeightsFromBytes(file.bytes, options);
      return;
    }
    const { loadForeignWeights } = await import("./files/load-foreign-weights.ts");
    await loadForeignWeights(this, file, options);
  }

  /** `loadWeights` for the bytes of a Keras file, at once. */
  loadWeightsFromBytes(bytes: Uint8Array, options: LoadWeightsOptions = {}): void {
    loadKerasWeights(this.layers, bytes, options);
  }

  /**
   * Writes the whole model. The format is what the name's ending says (`.keras`, `.h5`, `.safetensors`, `.onnx`, `model.json` or a
   * folder with `format: "tfjs-layers"`, …) or what `format` names. Written beside and renamed; browsers have `toFiles` instead.
   * A compiled model stays compiled in `.keras` (with the state of its optimizer) and in `.h5`: see `includeOptimizer`.
   *
   * @throws ValueError for an unknown ending or format; UnsupportedError for what a format cannot say; IOError.
   */
  async save(target: string | URL, options: SaveOptions = {}): Promise<void> {
    const { saveModel } = await import("./files/save-model.ts");
    await saveModel(this, target, options);
  }

  /** Writes the weights alone: `.weights.h5`, or `.h5` as the published files are; other formats have the model with them. */
  async saveWeights(target: string | URL, options: SaveOptions = {}): Promise<void> {
    const { saveWeights } = await import("./files/save-model.ts");
    await saveWeights(this, target, options);
  }

  /** The bytes of what `save` writes; of the main file, where a format has several (see `toFiles`). Default: `keras`. */
  async toBytes(format = "keras", options: Omit<SaveOptions, "format"> = {}): Promise<Uint8Array> {
    const [main] = await this.toFiles(format, undefined, options);
    return main?.bytes ?? new Uint8Array();
  }

  /** What `save` writes, as files at hand, the main one first; `name` is its name. */
  async toFiles(
    format: string,
    name?: string,
    options: Omit<SaveOptions, "format"> = {},
  ): Promise<readonly WrittenFile[]> {
    const { modelFiles } = await import("./files/save-model.ts");
    return modelFiles(this, { ...options, format }, name);
  }

  /** The bytes that the engine holds for this model: packed weights and working memory. 0 before the first prediction. */
  async memoryBytes(): Promise<number> {
    return this.#engine === undefined ? 0 : (await this.#engine).memoryBytes;
  }

  /** Prints the table of layers as Keras does. */
  summary(options: SummaryOptions = {}): void {
    (options.printFn ?? console.log)(summaryText(this, options));
  }

  /**
   * Frees the engine's memory. The weights stay readable, and can be saved; predicting or training again is an error, and a training that
   * is going on ends with one.
   */
  dispose(): void {
    this.#disposed = true;
    this.releaseEngine();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Frees the engine; the next prediction makes a new one. For models whose graph has changed. */
  protected releaseEngine(): void {
    disposeWhenMade(this.#engine);
    this.#engine = undefined;
  }

  /** @throws StateError once the model was disposed of. */
  protected checkNotDisposed(): void {
    if (!this.#disposed) return;
    throw new MobileNetV2Error("StateError", `Model '${this.name}' was disposed of. Make or load it again.`);
  }

  #running(): Promise<Engine> {
    this.checkNotDisposed();
    if (this.#engine === undefined) {
      const made = Engine.create(programOf(this.graph), { threads: this.threads });
      this.#engine = made;
      // A start that failed must not be remembered: the next call tries again.
      made.catch(() => {
        if (this.#engine === made) this.#engine = undefined;
      });
    }
    return this.#engine;
  }
}
