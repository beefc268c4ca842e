/**
 * Our file of a quantized model: safetensors with, for each quantized layer, `layer/kernel` (int8), `layer/scale` and `layer/bias` (float32), the
 * other weights as `layer/weight` (float32), and in the metadata Keras's config of the model and the ranges of its values.
 */
import { type Dims, formatShape, sizeOf } from "../../core/shape.ts";
import type { ModelDescription, Preprocessing } from "../checkpoint.ts";
import { preprocessingOf, textsOf } from "../extras.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Json, arrayOf, numberOf, parseJson } from "../bytes/json.ts";
import { readKerasModel } from "../keras/config.ts";
import { type JsonValue, kerasModelConfig } from "../keras/config-write.ts";
import { OUR_METADATA, QUANTIZED } from "./checkpoint.ts";
import {
  type SafeTensor,
  type TensorToWrite,
  float32ToWrite,
  readSafetensors,
  writeSafetensors,
} from "./safetensors.ts";
import { checkScaling } from "../plausible.ts";
import type { StoredTensor } from "../stored-tensor.ts";

/** A layer's weights as integers: kernel × the scale of its output channel. */
export interface IntegerLayer {
  readonly kernel: Int8Array;
  readonly shape: Dims;
  readonly scales: Float32Array;
  readonly bias: Float32Array;
}

/** The smallest and the largest real number that a value takes. */
export type StoredRange = readonly [low: number, high: number];

export interface QuantizedFile {
  readonly model: ModelDescription;
  /** The integers of each quantized layer, by the layer's name. */
  readonly layers: ReadonlyMap<string, IntegerLayer>;
  /** The range of each value, by the name of the layer that makes it. */
  readonly ranges: ReadonlyMap<string, StoredRange>;
  /** The other weights, by `layer/weight`. */
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly classNames?: readonly string[] | undefined;
  readonly preprocessing?: Preprocessing | undefined;
}

/** The version of the format, and the key of the ranges in the metadata. */
const VERSION = "1";
const RANGES_KEY = "ranges";
/** Larger than any number a network has to do with. */
const MOST = 1e30;

/** The bytes of the file. */
export function writeQuantized(file: QuantizedFile): Uint8Array<ArrayBuffer> {
  const tensors: TensorToWrite[] = [];
  for (const [name, { kernel, shape, scales, bias }] of file.layers) {
    const bytes = new Uint8Array(kernel.buffer, kernel.byteOffset, kernel.byteLength);
    tensors.push({ name: `${name}/kernel`, shape, dtype: "int8", bytes });
    tensors.push(float32ToWrite(`${name}/scale`, [scales.length], scales));
    tensors.push(float32ToWrite(`${name}/bias`, [bias.length], bias));
  }
  for (const [name, tensor] of file.weights) tensors.push(float32ToWrite(name, tensor.shape, tensor.read()));
  const metadata = new Map([
    [QUANTIZED, VERSION],
    [OUR_METADATA.model, JSON.stringify(withoutDefaults(kerasModelConfig(file.model, "keras 3")))],
    [RANGES_KEY, JSON.stringify(Object.fromEntries(file.ranges))],
  ]);
  const { classNames, preprocessing } = file;
  if (classNames !== undefined) metadata.set(OUR_METADATA.classNames, JSON.stringify(classNames));
  if (preprocessing !== undefined) metadata.set(OUR_METADATA.preprocessing, JSON.stringify(preprocessing));
  return writeSafetensors(tensors, metadata);
}

/**
 * The content of a file. Tensors are views onto it; whether they fit the model is for the caller to check.
 * @throws FormatError if the file is broken, UnsupportedError if it is no quantized model or a newer one.
 */
export function readQuantized(bytes: Uint8Array): QuantizedFile {
  const { tensors, metadata } = readSafetensors(bytes);
  const version = metadata.get(QUANTIZED);
  if (version === undefined) {
    throw unsupportedError("The file is no quantized model of ours: open it with loadModel(), then quantize() it.");
  }
  if (version !== VERSION) {
    throw unsupportedError(
      `The quantized model has version ${version.slice(0, 20)} of the format; ${VERSION} is read.`,
    );
  }
  const ranges = jsonOf(metadata, RANGES_KEY);
  if (!(ranges instanceof Map)) throw formatError("The ranges of the quantized model are no object.");
  const layers = new Map<string, IntegerLayer>();
  const weights = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensors) {
    if (tensor.dtype === "int8") layers.set(...integerLayer(name, tensor, tensors));
    else weights.set(name, tensor);
  }
  for (const name of layers.keys()) for (const part of ["scale", "bias"]) weights.delete(`${name}/${part}`);
  const scaling = metadata.has(OUR_METADATA.preprocessing)
    ? preprocessingOf(jsonOf(metadata, OUR_METADATA.preprocessing))
    : undefined;
  if (scaling !== undefined) checkScaling(scaling);
  const classNames = metadata.has(OUR_METADATA.classNames) ? jsonOf(metadata, OUR_METADATA.classNames) : undefined;
  return {
    model: readKerasModel(jsonOf(metadata, OUR_METADATA.model)),
    layers,
    ranges: new Map([...ranges].map(([name, range]) => [name, rangeOf(name, range)])),
    weights,
    classNames: classNames === undefined ? undefined : textsOf(classNames, "The class names"),
    preprocessing: scaling,
  };
}

function jsonOf(metadata: ReadonlyMap<string, string>, key: string): Json {
  const text = metadata.get(key);
  if (text === undefined) throw formatError(`The metadata of the quantized model has no '${key}'.`);
  return parseJson(new TextEncoder().encode(text));
}

function integerLayer(
  kernelName: string,
  { shape, bytes }: SafeTensor,
  tensors: ReadonlyMap<string, SafeTensor>,
): [string, IntegerLayer] {
  if (!kernelName.endsWith("/kernel"))
    throw formatError(`The tensor '${kernelName.slice(0, 200)}' is int8, but no kernel.`);
  const name = kernelName.slice(0, -"/kernel".length);
  const part = (what: string, allowed: (x: number) => boolean): Float32Array => {
    const tensor = tensors.get(`${name}/${what}`);
    if (tensor?.dtype !== "float32" || tensor.shape.length !== 1) {
      throw formatError(`The quantized layer '${name.slice(0, 200)}' has no ${what} of type float32.`);
    }
    const values = tensor.read();
    if (!values.every(allowed))
      throw formatError(`The ${what} of layer '${name.slice(0, 200)}' has impossible numbers.`);
    return values;
  };
  const scales = part("scale", (x) => x > 1 / MOST && x < MOST);
  const bias = part("bias", (x) => Math.abs(x) < MOST);
  if (bias.length !== scales.length || sizeOf(shape) % Math.max(1, scales.length) > 0) {
    throw formatError(
      `The quantized layer '${name.slice(0, 200)}' has a kernel of shape ${formatShape(shape)} ` +
        `and scales and biases for ${scales.length} and ${bias.length} channels.`,
    );
  }
  const kernel = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (kernel.includes(-128)) throw formatError(`The kernel of layer '${name.slice(0, 200)}' goes beyond -127 to 127.`);
  return [name, { kernel, shape, scales, bias }];
}

function rangeOf(name: string, value: Json): StoredRange {
  const what = `The range of '${name.slice(0, 200)}'`;
  const [low, high, ...rest] = arrayOf(value, what).map((bound) => numberOf(bound, what));
  if (low === undefined || high === undefined || rest.length > 0 || !isSane(low, high)) {
    throw formatError(
      `${what} should be a number of 0 or less and one of 0 or more, neither too close nor too far apart.`,
    );
  }
  return [low, high];
}

/** A range has 0 inside, and is not too small or too large for numbers of 32 bits. That of a tensor of zeros is empty. */
function isSane(low: number, high: number): boolean {
  const length = high - low;
  return low <= 0 && high >= 0 && length < MOST && (length === 0 || length > 1 / MOST);
}

/** A config without what a reader takes for granted, and without what only training needs. */
function withoutDefaults(value: JsonValue): JsonValue {
  if (isList(value)) return value.map(withoutDefaults);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, item]) =>
      item !== null && !/^(?:module|registered_name|dtype)$|_(?:initializer|regularizer|constraint)$/.test(key),
  );
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutDefaults(item)]));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
