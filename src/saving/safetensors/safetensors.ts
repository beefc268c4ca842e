/**
 * The safetensors file: a header of JSON with name, type, shape and place of every tensor, then their bytes
 * (https://github.com/huggingface/safetensors, "Format"). Generic: what the tensors mean is for others to know.
 */
import { MobileNetV2Error } from "../../core/errors.ts";
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { float16Of } from "../bytes/float16.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Json, arrayOf, member, parseJson, stringOf } from "../bytes/json.ts";
import { elementSize, float32Of } from "../bytes/numbers.ts";
import { LENGTH_SIZE, headerLength, opensWithBrace } from "./sniff.ts";
import type { WeightType } from "../checkpoint.ts";
import type { StoredTensor } from "../stored-tensor.ts";

/** A tensor of a file, with its bytes: little-endian, row-major, a view onto the file. */
export interface SafeTensor extends StoredTensor {
  readonly bytes: Uint8Array;
}

export interface SafetensorsFile {
  /** In the order of the file's header. */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** A tensor to be written. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: Dims;
  /** numpy's name: `float32`, `int8`. */
  readonly dtype: string;
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

/** The format's names of types, with numpy's. Those of 8 bits and fewer (`F8_E4M3`, `F4`) and complex numbers are not read. */
const DTYPES: ReadonlyMap<string, string> = new Map([
  ["F64", "float64"],
  ["F32", "float32"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I64", "int64"],
  ["U64", "uint64"],
  ["I32", "int32"],
  ["U32", "uint32"],
  ["I16", "int16"],
  ["U16", "uint16"],
  ["I8", "int8"],
  ["U8", "uint8"],
  ["BOOL", "uint8"],
]);

const MAX_HEADER = 32 * 2 ** 20;
const MAX_TENSORS = 20_000;
const METADATA = "__metadata__";
const SPACE = 0x20;

/**
 * The tensors of a file, none of them read yet. As the format demands, they fill the file: no holes, no overlaps, nothing after.
 * @throws FormatError if the file is broken, LimitError if its header is too large.
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (bytes.length < LENGTH_SIZE)
    throw formatError("The safetensors file is truncated: its header's length is missing.");
  const length = headerLength(bytes);
  if (length > BigInt(MAX_HEADER)) {
    throw new MobileNetV2Error(
      "LimitError",
      `The safetensors file claims a header of ${length} bytes; at most ${MAX_HEADER} are read.`,
    );
  }
  const start = LENGTH_SIZE + Number(length);
  if (start > bytes.length) throw formatError("The safetensors file is truncated: its header ends after the file.");
  if (!opensWithBrace(bytes)) {
    throw formatError("The safetensors file is broken: its header does not begin with a brace.");
  }
  const header = parseJson(bytes.subarray(LENGTH_SIZE, start));
  if (!(header instanceof Map)) throw formatError("The safetensors file is broken: its header is no object.");
  return {
    tensors: tensorsOf(header, bytes.subarray(start)),
    metadata: metadataOf(member(header, METADATA)),
  };
}

function metadataOf(value: Json | undefined): ReadonlyMap<string, string> {
  if (value === undefined || value === null) return new Map();
  if (!(value instanceof Map)) throw formatError(`The safetensors file is broken: its ${METADATA} is no object.`);
  return new Map(
    [...value].map(([key, text]) => [key, stringOf(text, `'${key}' in the ${METADATA} of the safetensors file`)]),
  );
}

function tensorsOf(header: ReadonlyMap<string, Json>, data: Uint8Array): ReadonlyMap<string, SafeTensor> {
  if (header.size > MAX_TENSORS + 1) {
    throw new MobileNetV2Error(
      "LimitError",
      `The safetensors file has ${header.size} tensors; at most ${MAX_TENSORS} are read.`,
    );
  }
  const places: (Place & { readonly name: string })[] = [];
  for (const [name, entry] of header) {
    if (name !== METADATA) places.push({ name, ...placeOf(name, entry) });
  }
  refuseGaps(places, data.length);
  return new Map(
    places.map(({ name, shape, dtype, from, to }) => {
      const bytes = data.subarray(from, to);
      const read = (): Float32Array => float32Of({ bytes, dtype, littleEndian: true });
      return [name, { name, shape, dtype, bytes, read }];
    }),
  );
}

interface Place {
  readonly shape: Dims;
  readonly dtype: string;
  readonly from: number;
  readonly to: number;
}

function placeOf(name: string, entry: Json): Place {
  const what = `tensor '${name.slice(0, 200)}'`;
  const stored = stringOf(member(entry, "dtype"), `The dtype of ${what}`);
  const dtype = DTYPES.get(stored);
  if (dtype === undefined)
    throw unsupportedError(`The ${what} has the dtype ${stored.slice(0, 20)}, which is not read.`);
  const shape = wholeNumbers(member(entry, "shape"), `The shape of ${what}`);
  const [from, to, ...rest] = wholeNumbers(member(entry, "data_offsets"), `The data_offsets of ${what}`);
  if (from === undefined || to === undefined || rest.length > 0 || from > to) {
    throw formatError(`The data_offsets of ${what} should be a begin and an end.`);
  }
  const size = elementCount(shape) * elementSize(dtype);
  if (size !== to - from) {
    throw formatError(`The ${what} of shape ${formatShape(shape)} takes ${size} bytes, but has ${to - from}.`);
  }
  return { shape, dtype, from, to };
}

function wholeNumbers(value: Json | undefined, what: string): readonly number[] {
  const numbers = arrayOf(value, what);
  if (numbers.length > 32) throw formatError(`${what} has ${numbers.length} numbers, more than any tensor.`);
  return numbers.map((number) => {
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number;
    throw formatError(`${what} should have whole numbers of 0 or more.`);
  });
}

function refuseGaps(places: readonly (Place & { readonly name: string })[], size: number): void {
  let end = 0;
  for (const { name, from, to } of places.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) {
      const problem =
        from < end ? "overlaps the one before it" : `leaves ${from - end} bytes before it that are no tensor's`;
      throw formatError(`The safetensors file is broken: tensor '${name.slice(0, 200)}' ${problem}.`);
    }
    end = to;
  }
  if (end > size) {
    throw formatError(
      `The safetensors file is truncated: its tensors take ${end} bytes, but ${size} follow the header. Download or copy it again.`,
    );
  }
  if (end < size) throw formatError(`The safetensors file has ${size - end} bytes after its tensors.`);
}

/**
 * A file of these tensors, in their order, but those with large elements first: every tensor then lies on a multiple of its
 * element, and readers need no copy.
 * @throws FormatError where two have the same name, or bytes do not fit the shape; UnsupportedError for a type without a name there.
 */
export function writeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const header = new Map<string, unknown>();
  if (metadata.size > 0) header.set(METADATA, Object.fromEntries(metadata));
  const ordered = tensors.toSorted((a, b) => elementSize(b.dtype) - elementSize(a.dtype));
  let end = 0;
  for (const { name, shape, dtype, bytes } of ordered) {
    if (name === METADATA || header.has(name)) throw formatError(`Two tensors are to be written as '${name}'.`);
    if (elementCount(shape) * elementSize(dtype) !== bytes.length) {
      throw formatError(`Tensor '${name}' of shape ${formatShape(shape)} cannot have ${bytes.length} bytes.`);
    }
    header.set(name, { dtype: storedName(dtype), shape, data_offsets: [end, end + bytes.length] });
    end += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / LENGTH_SIZE) * LENGTH_SIZE;
  const start = LENGTH_SIZE + length;
  const file = new Uint8Array(start + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(json, LENGTH_SIZE);
  file.fill(SPACE, LENGTH_SIZE + json.length, start);
  let at = start;
  for (const { bytes } of ordered) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

function storedName(dtype: string): string {
  for (const [stored, ours] of DTYPES) if (ours === dtype) return stored;
  throw unsupportedError(`Tensors of type ${dtype} are not written to safetensors.`);
}

/** Float32 values as a tensor to be written. Its bytes are a view onto them: machines that run WebAssembly are little-endian. */
export function float32ToWrite(name: string, shape: Dims, values: Float32Array): TensorToWrite {
  return { name, shape, dtype: "float32", bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

/** Float32 values as a tensor of float16. @throws ValueError naming it if a value is beyond the type. */
export function float16ToWrite(name: string, shape: Dims, values: Float32Array): TensorToWrite {
  return { name, shape, dtype: "float16", bytes: new Uint8Array(float16Of(name, values).buffer) };
}

/** How float32 values become a tensor of that type. */
export function toWriteAs(dtype: WeightType = "float32"): typeof float32ToWrite {
  return dtype === "float16" ? float16ToWrite : float32ToWrite;
}
