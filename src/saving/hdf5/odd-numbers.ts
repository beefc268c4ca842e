/** Numbers of other widths than JavaScript has (HDF5 File Format Specification, IV.A.2.d): any IEEE-like float, any integer, enumerations. */
import { uintOf } from "./further-source.ts";
import type { OddNumbers } from "./file.ts";
import type { Cursor } from "./source.ts";

type Read = (bytes: Uint8Array, at: number) => number;

/** Undefined if the elements are no numbers. */
export function oddNumbers(datatype: Cursor): OddNumbers | undefined {
  const kind = datatype.u8() & 15;
  const flags = uintOf(datatype, 3);
  const size = datatype.u32();
  const bigEndian = (flags & 1) !== 0;
  if (size < 1 || size > 32) return undefined;
  // An enumeration is what its base type is.
  if (kind === 8) return oddNumbers(datatype);
  const read =
    kind === 0 || kind === 4 ? integer(datatype, flags, kind === 0) : kind === 1 ? float(datatype, flags) : undefined;
  if (read === undefined) return undefined;
  return {
    size,
    convert(bytes) {
      const values = new Float32Array(Math.floor(bytes.length / size));
      const element = new Uint8Array(size);
      for (let i = 0; i < values.length; i++) {
        element.set(bytes.subarray(i * size, (i + 1) * size));
        if (bigEndian) element.reverse();
        values[i] = read(element, size);
      }
      return { bytes: new Uint8Array(values.buffer), dtype: "float32", littleEndian: true };
    },
  };
}

/** The number in `count` bits from bit `from` on, of little-endian bytes. */
function bitsOf(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let bit = from + count; bit > from;) {
    const start = Math.max(from, (bit - 1) & ~7);
    const part = ((bytes[start >> 3] ?? 0) >> (start & 7)) & ((1 << (bit - start)) - 1);
    value = value * 2 ** (bit - start) + part;
    bit = start;
  }
  return value;
}

function integer(datatype: Cursor, flags: number, mayBeSigned: boolean): Read {
  const offset = datatype.u16();
  const precision = datatype.u16();
  const signed = mayBeSigned && (flags & 8) !== 0;
  return (bytes) => {
    const value = bitsOf(bytes, offset, precision);
    return signed && value >= 2 ** (precision - 1) ? value - 2 ** precision : value;
  };
}

function float(datatype: Cursor, flags: number): Read | undefined {
  datatype.skip(4);
  const [exponentAt, exponentBits, mantissaAt, mantissaBits] = [
    datatype.u8(),
    datatype.u8(),
    datatype.u8(),
    datatype.u8(),
  ];
  const bias = datatype.u32();
  const signAt = (flags >> 8) & 255;
  const normalization = (flags >> 4) & 3;
  // VAX's order of bytes, and a leading bit that is written but always 1, are read by no library.
  if ((flags & 0x40) !== 0 || normalization === 1) return undefined;
  const implied = normalization === 2;
  const largest = 2 ** exponentBits - 1;
  // Without an implied bit, the first bit of the mantissa stands for 1.
  const unit = 2 ** (implied ? mantissaBits : mantissaBits - 1);
  return (bytes) => {
    const sign = bitsOf(bytes, signAt, 1) === 1 ? -1 : 1;
    const exponent = bitsOf(bytes, exponentAt, exponentBits);
    const fraction = bitsOf(bytes, mantissaAt, mantissaBits) / unit;
    if (exponent === largest) return (implied ? fraction : fraction % 1) === 0 ? sign * Infinity : NaN;
    if (!implied || exponent === 0) return sign * fraction * 2 ** (Math.max(1, exponent) - bias);
    return sign * (1 + fraction) * 2 ** (exponent - bias);
  };
}
