/** ONNX's tensors (TensorProto), whose values stand in the file itself in one of several ways, or in a file beside it. */
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { formatError } from "../file-errors.ts";
import { elementSize, float32Of } from "../bytes/numbers.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { type Field, fieldsOf, integersOf, messageOf, textOf } from "../bytes/protobuf.ts";

export interface TensorProto {
  readonly name: string;
  readonly shape: Dims;
  /** numpy's name of the type; types that are not read keep their number: `type 8`. */
  readonly dtype: string;
  readonly external: ExternalData | undefined;
  /** The message itself; values stay in it until they are read. */
  readonly message: Uint8Array;
  /** The number of bytes of little-endian values in it. */
  readonly rawLength: number;
  /** The number of bytes of varints in it: there are no more values than that. */
  readonly varintLength: number;
}

export interface ExternalData {
  readonly location: string;
  readonly offset: number;
  /** The number of bytes; undefined for all up to the end of the file. */
  readonly length: number | undefined;
}

const DTYPES: ReadonlyMap<number, string> = new Map([
  [1, "float32"],
  [2, "uint8"],
  [3, "int8"],
  [4, "uint16"],
  [5, "int16"],
  [6, "int32"],
  [7, "int64"],
  [9, "bool"],
  [10, "float16"],
  [11, "float64"],
  [12, "uint32"],
  [13, "uint64"],
  [16, "bfloat16"],
]);

/** numpy's name of a type by its number in TensorProto.DataType. */
export function dtypeOf(number: number): string {
  return DTYPES.get(number) ?? `type ${number}`;
}

const MAX_RANK = 16;

export function readTensorProto(message: Uint8Array): TensorProto {
  const shape: number[] = [];
  let rawLength = 0;
  let varintLength = 0;
  const entries = new Map<string, string>();
  let name = "";
  let dtype = "type 0";
  let isExternal = false;
  for (const field of fieldsOf(message)) {
    if (field.number === 1) readAxes(field, shape);
    else if (field.number === 2) dtype = dtypeOf(field.integer);
    else if (isRaw(field)) rawLength += field.bytes.length;
    else if (isVarints(field)) varintLength += field.wire === 0 ? 1 : field.bytes.length;
    else if (field.number === 8) name = textOf(field);
    else if (field.number === 13 && entries.size < MAX_RANK) {
      const entry = [...fieldsOf(messageOf(field))].filter(({ number }) => number <= 2).map(textOf);
      entries.set(entry[0] ?? "", entry[1] ?? "");
    } else if (field.number === 14) isExternal = field.integer === 1;
  }
  if (shape.some((axis) => axis < 0 || !Number.isSafeInteger(axis))) {
    throw formatError(`Tensor '${name}' of the ONNX file has the shape ${formatShape(shape)}.`);
  }
  const external = isExternal ? externalData(entries, name) : undefined;
  return { name, shape, dtype, external, message, rawLength, varintLength };
}

function readAxes(field: Field, shape: number[]): void {
  for (const axis of integersOf(field)) {
    if (shape.push(axis) > MAX_RANK) {
      throw formatError(`A tensor of the ONNX file has more than ${MAX_RANK} axes.`);
    }
  }
}

/** True for float_data, raw_data and double_data: values as they lie in memory, in pieces if they are not packed. */
function isRaw({ number }: Field): boolean {
  return number === 4 || number === 9 || number === 10;
}

/** True for int32_data, int64_data and uint64_data. */
function isVarints({ number }: Field): boolean {
  return number === 5 || number === 7 || number === 11;
}

function rawBytes({ message, rawLength }: TensorProto): Uint8Array {
  const whole = new Uint8Array(rawLength);
  let at = 0;
  for (const field of fieldsOf(message)) {
    if (!isRaw(field)) continue;
    if (field.bytes.length === rawLength) return field.bytes;
    whole.set(field.bytes, at);
    at += field.bytes.length;
  }
  return whole;
}

/** The name of a file beside the model's: a plain one, without folders. */
const PLAIN_NAME = /^[\p{L}\p{N}_-][\p{L}\p{N}_. -]{0,199}$/u;

function externalData(entries: ReadonlyMap<string, string>, name: string): ExternalData {
  const location = entries.get("location") ?? "";
  if (!PLAIN_NAME.test(location)) {
    throw formatError(
      `Tensor '${name}' lies in the file ${JSON.stringify(location.slice(0, 200))}. Only files beside the model's are read: plain names.`,
    );
  }
  const number = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw formatError(`Tensor '${name}' lies at ${key} ${JSON.stringify(text.slice(0, 40))} of '${location}'.`);
  };
  return { location, offset: number("offset") ?? 0, length: number("length") };
}

/**
 * The tensor with its values; `files` are those beside the model's.
 * @throws FormatError if the values do not fit the shape, UnsupportedError for a type that is not read.
 */
export function storedTensor(proto: TensorProto, files: ReadonlyMap<string, Uint8Array>): StoredTensor {
  const { name, shape } = proto;
  const dtype = proto.dtype === "bool" ? "uint8" : proto.dtype;
  const size = elementCount(shape) * elementSize(dtype);
  if (proto.external === undefined && proto.rawLength === 0 && size > 0) return fromVarints(proto, dtype);
  const external = proto.external && externalBytes(proto.external, name, files);
  const length = external?.length ?? proto.rawLength;
  if (length !== size) {
    throw formatError(
      `Tensor '${name}' of shape ${formatShape(shape)} and type ${dtype} takes ${size} bytes, but the ONNX file has ${length}.`,
    );
  }
  const read = (): Float32Array => float32Of({ bytes: external ?? rawBytes(proto), dtype, littleEndian: true });
  return { name, shape, dtype, read };
}

function externalBytes(
  { location, offset, length }: ExternalData,
  name: string,
  files: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const file = files.get(location);
  if (file === undefined) {
    throw formatError(`Tensor '${name}' lies in the file '${location}', which is missing beside the model's.`);
  }
  const end = length === undefined ? file.length : offset + length;
  if (offset > file.length || end > file.length) {
    throw formatError(`Tensor '${name}' ends at byte ${end} of '${location}', which has ${file.length} bytes.`);
  }
  return file.subarray(offset, end);
}

/** The tensor of values that are written as varints: integers, and the bits of 16-bit floats. */
function fromVarints(proto: TensorProto, dtype: string): StoredTensor {
  const { name, shape } = proto;
  const count = elementCount(shape);
  const isBits = dtype === "float16" || dtype === "bfloat16";
  if (count > proto.varintLength || (dtype.startsWith("float") && !isBits)) {
    throw formatError(`Tensor '${name}' of shape ${formatShape(shape)} has too few values in the ONNX file.`);
  }
  const read = (): Float32Array => {
    const values = isBits ? new Uint16Array(count) : new Float32Array(count);
    let found = 0;
    for (const field of fieldsOf(proto.message)) {
      if (!isVarints(field)) continue;
      for (const value of integersOf(field)) values[found++] = value;
    }
    if (found !== count) {
      throw formatError(`Tensor '${name}' of shape ${formatShape(shape)} has ${found} values in the ONNX file.`);
    }
    if (values instanceof Float32Array) return values;
    return float32Of({ bytes: new Uint8Array(values.buffer), dtype, littleEndian: true });
  };
  return { name, shape, dtype, read };
}
