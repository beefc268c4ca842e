/** Quantized models, which compute with 8-bit integers: about a quarter of the size of the original, and faster (see docs/int8.md). */
import { readBytes, writeFiles } from "#platform";
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import { frozen } from "../../core/frozen.ts";
import { Lazy } from "../../core/lazy.ts";
import { FUNCTION, LIMIT, PLACE, PREPROCESSING, SIGNAL, TEXTS, check } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { executorOf } from "../../engine/executor-of.ts";
import { batchesOf } from "../../graph/batches.ts";
import { programOf } from "../../graph/program.ts";
import type { KerasTensor } from "../../layers/layer.ts";
import { type IntegerMode, bestMode, hasMode } from "../../engine/integers/modes.ts";
import type { BytesSource, ReadOptions } from "../../platform/contract.ts";
import type { Preprocessing } from "../../saving/checkpoint.ts";
import type { PredictOptions } from "../base-model.ts";
import type { SaveOptions } from "../files/save-model.ts";
import type { QuantizedParts } from "./quantized-file.ts";

export type { IntegerMode } from "../../engine/integers/modes.ts";

/** The options of a quantized model. */
export interface QuantizedModelOptions {
  /**
   * The integer arithmetic: unsigned bytes (`u8`, on x86), signed bytes (`s8`, on ARM) or 16-bit numbers (`i16`, on any machine). All give the
   * same results. Default: the fastest one that this machine has.
   */
  readonly mode?: IntegerMode | undefined;
}

/** The options of `toTflite`. */
export interface QuantizedTfliteOptions {
  /** The type of the file's inputs and outputs. Default: float32. */
  readonly io?: "float32" | "int8" | "uint8" | undefined;
}

/**
 * A quantized model, which `quantize` makes and `loadQuantized` loads. It can predict and be saved, but not trained. It holds memory until
 * `dispose()`; `using` disposes of it at the end of a block.
 */
export class QuantizedModel {
  /** The integer arithmetic that the model computes with. */
  readonly mode: IntegerMode;
  readonly #parts: QuantizedParts;
  readonly #executor = new Lazy(() => {
    const { architecture } = this.#parts;
    return executorOf(programOf(architecture.graph), {
      threads: architecture.threads,
      transform: (operations) => this.#parts.toIntegers(operations, this.mode),
    });
  });
  #disposed = false;
  #classNames: readonly string[] | undefined;
  #preprocessing: Preprocessing | undefined;

  /** Called by `quantize` and `loadQuantized`. @throws ValueError if this machine does not have the `mode`. */
  constructor(parts: QuantizedParts, { mode = bestMode() }: QuantizedModelOptions = {}) {
    if (!hasMode(mode)) {
      throw valueError(`\`mode\` should be "${bestMode()}" or "i16" on this machine. Received: mode=${show(mode)}`);
    }
    this.mode = mode;
    this.#parts = parts;
  }

  /** The names of the classes, in the order of the outputs, if known; they are saved with the model. The list is frozen: set another one. */
  get classNames(): readonly string[] | undefined {
    return this.#classNames;
  }

  set classNames(names: readonly string[] | undefined) {
    if (names !== undefined) check("a model", "classNames", names, TEXTS);
    this.#classNames = frozen(names);
  }

  /** The scaling of pixels that the model expects, for `preprocessInput`; undefined means to [-1, 1]. It is saved with the model, and frozen. */
  get preprocessing(): Preprocessing | undefined {
    return this.#preprocessing;
  }

  set preprocessing(scaling: Preprocessing | undefined) {
    if (scaling !== undefined) check("a model", "preprocessing", scaling, PREPROCESSING);
    this.#preprocessing = frozen(scaling);
  }

  /** The name of the model, that of the original. */
  get name(): string {
    return this.#parts.architecture.name;
  }

  /** The shape of the first input with the batch axis first, null for axes of any size. */
  get inputShape(): Shape {
    return this.#parts.architecture.input.shape;
  }

  /** The shapes of all inputs, with the batch axis first, null for axes of any size. */
  get inputShapes(): readonly Shape[] {
    return this.#parts.architecture.inputs.map(({ shape }) => shape);
  }

  /** The shape of the first output with the batch axis first, null for axes of any size. */
  get outputShape(): Shape {
    return this.output.shape;
  }

  /** The symbolic output tensor, from which the layers can be reached, although the quantized ones do not have the original's weights. */
  get output(): KerasTensor {
    return this.#parts.architecture.output;
  }

  /** All symbolic output tensors. */
  get outputs(): readonly KerasTensor[] {
    return this.#parts.architecture.outputs;
  }

  /**
   * Predicts the output for a batch of inputs. It takes the same tensors as the original model's `predict`, and returns float32.
   * @throws ValueError if shapes do not fit, or the model has several outputs; StateError after `dispose()`
   */
  async predict(x: Tensor | readonly Tensor[], options?: PredictOptions): Promise<Tensor<Float32Array>> {
    const [result, ...others] = await this.predictAll(x, options);
    if (result !== undefined && others.length === 0) return result;
    throw valueError(`Model '${this.name}' has ${others.length + 1} outputs. Ask it with predictAll().`);
  }

  /** Predicts all outputs, in their order. NaN in the inputs counts as the lowest value of the range found in calibration. */
  async predictAll(x: Tensor | readonly Tensor[], options: PredictOptions = {}): Promise<Tensor<Float32Array>[]> {
    checkOptions("predict()", options, {});
    const batches = batchesOf(x, this.#parts.architecture);
    this.#checkNotDisposed();
    const executor = await this.#executor.get();
    return [...(await executor.run(batches))];
  }

  /** The bytes of the safetensors file that `loadQuantized` reads, about one for each weight. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#parts.toBytes(this);
  }

  /**
   * The bytes of an ONNX file for other runtimes, with QuantizeLinear and DequantizeLinear (QDQ). Their zero points are whole numbers, so
   * that predictions are as good as here, but not the same.
   * @throws UnsupportedError if an operation has no operator in ONNX
   */
  async toOnnx(): Promise<Uint8Array<ArrayBuffer>> {
    const { quantizedOnnx } = await import("./quantized-onnx.ts");
    return quantizedOnnx(this.#parts, this);
  }

  /**
   * The bytes of a TFLite file for phones, microcontrollers and Coral: weights and activations are int8, biases int32.
   * @param options `io`: the type of the file's inputs and outputs, `float32` (the default), `int8` or `uint8`. As uint8, pixels go in as
   *   they are
   * @throws ValueError if the model takes pictures of any size, or for another `io`; UnsupportedError for a layer without an operator
   */
  async toTflite(options: QuantizedTfliteOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkOptions("toTflite()", options, { io: true });
    const { io = "float32" } = options;
    if (io !== "float32" && io !== "int8" && io !== "uint8") {
      throw valueError(`\`io\` should be "float32", "int8" or "uint8". Received: io=${show(io)}`);
    }
    const { quantizedTflite } = await import("./quantized-tflite.ts");
    return quantizedTflite(this.#parts, io, this);
  }

  /**
   * Saves the model to a file: as `format` says, `safetensors`, `onnx` or `tflite`, or without it, as the ending of the path does, or else as
   * safetensors. A file that exists is replaced only once the new one is complete; missing folders are made. In browsers, use
   * `toBytes`, `toOnnx` or `toTflite`.
   * @throws ValueError for another format, or an `io` that is not TFLite's; IOError if the file cannot be written
   */
  async save(path: string | URL, options: Pick<SaveOptions, "format"> & QuantizedTfliteOptions = {}): Promise<void> {
    check("save()", "path", path, PLACE);
    checkOptions("save()", options, { format: true, io: true });
    const { format = /\.(onnx|tflite)$/i.exec(String(path))?.[1]?.toLowerCase() ?? "safetensors", io } = options;
    if (format !== "onnx" && format !== "safetensors" && format !== "tflite") {
      throw valueError(
        `A quantized model is saved as "safetensors", "onnx" or "tflite". Received: format=${show(format)}`,
      );
    }
    if (io !== undefined && format !== "tflite") {
      throw valueError(`\`io\` is for the format "tflite". Received: format=${show(format)}, io=${show(io)}`);
    }
    const bytes = format === "onnx" ? this.toOnnx() : format === "tflite" ? this.toTflite({ io }) : this.toBytes();
    await writeFiles([{ path: String(path), bytes: await bytes }]);
  }

  /** The number of bytes held for predictions: packed weights and working memory. It is 0 before the first prediction. */
  async memoryBytes(): Promise<number> {
    return (await this.#executor.made)?.memoryBytes ?? 0;
  }

  /** Frees the memory of predictions; predicting throws a StateError from then on. */
  dispose(): void {
    this.#disposed = true;
    this.#executor.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkNotDisposed(): void {
    if (!this.#disposed) return;
    throw new MobileNetV2Error("StateError", `Model '${this.name}' was disposed of. Make or load it again to predict.`);
  }
}

/** The options of `loadQuantized`. */
export interface LoadQuantizedOptions extends QuantizedModelOptions, ReadOptions {
  /** The largest number of threads that share the work of a prediction. Default: the number of cores, at most 8. */
  readonly threads?: number | undefined;
}

/**
 * Loads a quantized model from a safetensors file that its `save` or `toBytes` made.
 * @param source a path, a URL, bytes or a `Blob`
 * @throws FormatError if the file is broken or its parts do not fit its model; UnsupportedError if it is another kind of file; IOError,
 *   NetworkError or LimitError if it cannot be read
 */
export async function loadQuantized(source: BytesSource, options: LoadQuantizedOptions = {}): Promise<QuantizedModel> {
  checkOptions("loadQuantized()", options, {
    mode: true,
    maxBytes: LIMIT,
    signal: SIGNAL,
    onProgress: FUNCTION,
    threads: true,
  });
  const bytes = await readBytes(source, options);
  const { quantizedFromBytes } = await import("./quantized-file.ts");
  const { parts, classNames, preprocessing } = quantizedFromBytes(bytes, options);
  const model = new QuantizedModel(parts, options);
  model.classNames = classNames;
  model.preprocessing = preprocessing;
  return model;
}
