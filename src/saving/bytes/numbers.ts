/** Numbers of any type as float32: a view if the bytes are aligned little-endian float32 already, else a copy. */
import { unsupportedError } from "../file-errors.ts";

export interface Numbers {
  readonly bytes: Uint8Array;
  /** numpy's name: `float32`, `float16`, `bfloat16`, `int8`, … */
  readonly dtype: string;
  readonly littleEndian: boolean;
}

type Get = (view: DataView, at: number, little: boolean) => number;

/** The size of an element of each type in bytes, and how it is read. */
const ELEMENTS: ReadonlyMap<string, readonly [size: number, get: Get]> = new Map<string, readonly [number, Get]>([
  ["float64", [8, (view, at, little) => view.getFloat64(at, little)]],
  ["float32", [4, (view, at, little) => view.getFloat32(at, little)]],
  ["float16", [2, (view, at, little) => float16(view.getUint16(at, little))]],
  ["bfloat16", [2, (view, at, little) => bfloat16(view.getUint16(at, little))]],
  ["int64", [8, (view, at, little) => Number(view.getBigInt64(at, little))]],
  ["uint64", [8, (view, at, little) => Number(view.getBigUint64(at, little))]],
  ["int32", [4, (view, at, little) => view.getInt32(at, little)]],
  ["uint32", [4, (view, at, little) => view.getUint32(at, little)]],
  ["int16", [2, (view, at, little) => view.getInt16(at, little)]],
  ["uint16", [2, (view, at, little) => view.getUint16(at, little)]],
  ["int8", [1, (view, at) => view.getInt8(at)]],
  ["uint8", [1, (view, at) => view.getUint8(at)]],
]);

/** The size of an element in bytes. @throws UnsupportedError for a type that is not read. */
export function elementSize(dtype: string): number {
  return element(dtype)[0];
}

/** All values. Bytes at the end that make no whole element are not read. */
export function float32Of({ bytes, dtype, littleEndian }: Numbers): Float32Array {
  const [size, get] = element(dtype);
  const count = Math.floor(bytes.length / size);
  if (dtype === "float32" && littleEndian) {
    // TypedArrays are little-endian wherever WebAssembly runs fast; views must lie on multiples of their elements.
    const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
    return new Float32Array(aligned.buffer, aligned.byteOffset, count);
  }
  // Single bytes are converted by the JavaScript engine's own loop, which is several times as fast.
  if (dtype === "uint8") return new Float32Array(bytes);
  if (dtype === "int8") return new Float32Array(new Int8Array(bytes.buffer, bytes.byteOffset, count));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = get(view, i * size, littleEndian);
  return values;
}

/** The first value, unrounded; NaN if there is none. */
export function firstOf({ bytes, dtype, littleEndian }: Numbers): number {
  const [size, get] = element(dtype);
  return bytes.length < size ? NaN : get(new DataView(bytes.buffer, bytes.byteOffset, size), 0, littleEndian);
}

function element(dtype: string): readonly [number, Get] {
  const found = ELEMENTS.get(dtype);
  if (found === undefined) throw unsupportedError(`Tensors of type ${dtype} are not read.`);
  return found;
}

/** IEEE 754 binary16. */
function float16(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function bfloat16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}
