/** A model of integers: predicts as the model that it was made from, several times as fast and a quarter as large. */
import { readBytes, writeBytes } from "#platform";
import { disposeWhenMade } from "../../core/disposal.ts";
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { executorOf } from "../../engine/executor-of.ts";
import { batchesOf } from "../../graph/batches.ts";
import type { Executor } from "../../graph/executor.ts";
import { programOf } from "../../graph/program.ts";
import type { KerasTensor } from "../../layers/layer.ts";
import { type IntegerMode, bestMode, hasMode } from "../../engine/integers/modes.ts";
import type { BytesSource, ReadOptions } from "../../platform/contract.ts";
import type { Preprocessing } from "../../saving/checkpoint.ts";
import type { SaveOptions } from "../files/save-model.ts";
import type { QuantizedParts } from "./quantized-file.ts";

export type { IntegerMode } from "../../engine/integers/modes.ts";

export interface QuantizedModelOptions {
  /**
   * The arithmetic: bytes (`u8`, on x86), signed bytes (`s8`, on ARM) or 16-bit numbers (`i16`, anywhere). All give the same results.
   * Default: the fastest that this machine has.
   */
  readonly mode?: IntegerMode | undefined;
}

export class QuantizedModel {
  readonly mode: IntegerMode;
  readonly #parts: QuantizedParts;
  #executor: Promise<Executor> | undefined;
  #disposed = false;
  /** The names of the classes in the order of the output, where they are known; saved with the model. */
  classNames: readonly string[] | undefined;
  /** How pixels are scaled for the model; undefined where it is `preprocessInput`'s way. Saved with it. */
  preprocessing: Preprocessing | undefined;

  /** Made by `quantize` and `loadQuantized`. */
  constructor(parts: QuantizedParts, { mode = bestMode() }: QuantizedModelOptions = {}) {
    if (!hasMode(mode)) {
      throw valueError(`\`mode\` should be "${bestMode()}" or "i16" on this machine. Received: mode=${show(mode)}`);
    }
    this.mode = mode;
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.architecture.name;
  }

  /** The shapes that `predict` takes and gives, batch first, null for what is known only then; of the first input and output. */
  get inputShape(): Shape {
    return this.#parts.architecture.input.shape;
  }

  /** The shapes of all inputs. */
  get inputShapes(): readonly Shape[] {
    return this.#parts.architecture.inputs.map(({ shape }) => shape);
  }

  get outputShape(): Shape {
    return this.output.shape;
  }

  /** The symbolic tensor that the answers are: its layers are those of the model that this one was made from, as far as they have no weights. */
  get output(): KerasTensor {
    return this.#parts.architecture.output;
  }

  /** The model's answers for a batch, as `Model.predict` gives them. @throws ValueError where the model has several outputs. */
  async predict(x: Tensor | readonly Tensor[]): Promise<Tensor<Float32Array>> {
    const [result, ...others] = await this.predictAll(x);
    if (result !== undefined && others.length === 0) return result;
    throw valueError(`Model '${this.name}' has ${others.length + 1} outputs. Ask it with predictAll().`);
  }

  /** The answers of all outputs. NaN in pictures counts as the least number that was seen in calibration. */
  async predictAll(x: Tensor | readonly Tensor[]): Promise<Tensor<Float32Array>[]> {
    const batches = batchesOf(x, this.#parts.architecture);
    const executor = await this.#running();
    return [...(await executor.run(batches))];
  }

  /** The file: about a byte for each weight. `loadQuantized` reads it. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#parts.toBytes(this);
  }

  /**
   * The model as ONNX for other run-times, with QuantizeLinear and DequantizeLinear (QDQ). They round on a slightly other grid than we do:
   * answers are as good, not the same.
   * @throws UnsupportedError where an operation has no operator in ONNX.
   */
  async toOnnx(): Promise<Uint8Array<ArrayBuffer>> {
    const { quantizedOnnx } = await import("./quantized-onnx.ts");
    return quantizedOnnx(this.#parts, this);
  }

  /**
   * Writes the file, whole or not at all: `safetensors`, or `onnx` where the format or else the name's ending says so. Browsers have no files:
   * see `toBytes` and `toOnnx`.
   */
  async save(path: string | URL, options: Pick<SaveOptions, "format"> = {}): Promise<void> {
    checkOptions("save()", options, { format: true });
    const { format } = options;
    if (format !== undefined && format !== "onnx" && format !== "safetensors") {
      throw valueError(`A quantized model is saved as "safetensors" or "onnx". Received: format=${show(format)}`);
    }
    const isOnnx = format === undefined ? /\.onnx$/i.test(String(path)) : format === "onnx";
    await writeBytes(path, isOnnx ? await this.toOnnx() : this.toBytes());
  }

  /** The bytes that predictions hold: packed weights and working memory. 0 before the first prediction. */
  async memoryBytes(): Promise<number> {
    return this.#executor === undefined ? 0 : (await this.#executor).memoryBytes;
  }

  /** Frees the memory of predictions; predicting again is an error. */
  dispose(): void {
    this.#disposed = true;
    disposeWhenMade(this.#executor);
    this.#executor = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #running(): Promise<Executor> {
    if (this.#disposed) {
      throw new MobileNetV2Error(
        "StateError",
        `Model '${this.name}' was disposed of. Make or load it again to predict.`,
      );
    }
    if (this.#executor === undefined) {
      const { architecture } = this.#parts;
      const made = executorOf(programOf(architecture.graph), {
        threads: architecture.threads,
        transform: (operations) => this.#parts.toIntegers(operations, this.mode),
      });
      this.#executor = made;
      // A start that failed must not be remembered: the next call tries again.
      made.catch(() => {
        if (this.#executor === made) this.#executor = undefined;
      });
    }
    return this.#executor;
  }
}

export interface LoadQuantizedOptions extends QuantizedModelOptions, ReadOptions {
  /** How many threads may share the work of a prediction; see `loadModel`. */
  readonly threads?: number | undefined;
}

/**
 * Opens a quantized model that `toBytes` or `save` made.
 * @param source a path, an address, bytes, a Blob
 * @throws FormatError where the file is broken or does not fit the model it describes; UnsupportedError where it is another kind of file;
 *   IOError, NetworkError, LimitError.
 */
export async function loadQuantized(source: BytesSource, options: LoadQuantizedOptions = {}): Promise<QuantizedModel> {
  checkOptions("loadQuantized()", options, {
    mode: true,
    maxBytes: true,
    signal: true,
    onProgress: true,
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
