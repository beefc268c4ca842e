/** Datatypes and dataspaces (HDF5 File Format Specification, IV.A.2.b and d): what the elements are, and how many there are. */
import type { Dims } from "../../core/shape.ts";
import { formatError } from "../file-errors.ts";
import type { Cursor } from "./source.ts";

export type Datatype =
  | {
      readonly kind: "number";
      /** numpy's name: `float32`, `int64`, `uint8`; also `bfloat16`. */
      readonly name: string;
      readonly size: number;
      readonly littleEndian: boolean;
    }
  | {
      readonly kind: "string";
      readonly name: "string";
      readonly size: number;
      readonly variable: boolean;
      /** Whether texts are filled up with spaces, which are no part of them. */
      readonly spaces: boolean;
    }
  | { readonly kind: "other"; readonly name: string; readonly size: number };

const CLASSES = [
  "integer",
  "float",
  "time",
  "string",
  "bit field",
  "opaque",
  "compound",
  "reference",
  "enumeration",
  "variable-length",
  "array",
];

/** The names of floats by size, exponent bits, mantissa bits and bias. */
const FLOATS: ReadonlyMap<string, string> = new Map([
  ["2,5,10,15", "float16"],
  ["2,8,7,127", "bfloat16"],
  ["4,8,23,127", "float32"],
  ["8,11,52,1023", "float64"],
]);

export function readDatatype(cursor: Cursor): Datatype {
  const kindAndVersion = cursor.u8();
  const kind = kindAndVersion & 15;
  const bits = cursor.u8();
  cursor.skip(2);
  const size = cursor.u32();
  const littleEndian = (bits & 1) === 0;
  if (kind === 0) {
    const offset = cursor.u16();
    const precision = cursor.u16();
    if (offset === 0 && precision === size * 8 && [1, 2, 4, 8].includes(size)) {
      return { kind: "number", name: `${(bits & 8) === 0 ? "uint" : "int"}${precision}`, size, littleEndian };
    }
  }
  if (kind === 1) {
    const offset = cursor.u16();
    const precision = cursor.u16();
    const exponentAt = cursor.u8();
    const exponentBits = cursor.u8();
    const mantissaAt = cursor.u8();
    const mantissaBits = cursor.u8();
    const name = FLOATS.get([size, exponentBits, mantissaBits, cursor.u32()].join(","));
    const usual = offset === 0 && precision === size * 8 && mantissaAt === 0 && exponentAt === mantissaBits;
    // The leading bit is not written, and the bytes are in no order but these two.
    const ieee = (bits & 0x70) === 0x20;
    if (name !== undefined && usual && ieee) return { kind: "number", name, size, littleEndian };
  }
  if (kind === 3) return { kind: "string", name: "string", size, variable: false, spaces: (bits & 15) === 2 };
  if (kind === 9 && (bits & 15) === 1)
    return { kind: "string", name: "string", size, variable: true, spaces: bits >> 4 === 2 };
  return { kind: "other", name: CLASSES[kind] ?? `class ${kind}`, size };
}

/** The most axes that HDF5 allows. */
const MAX_RANK = 32;

/** The shape; `[]` for one value, `[0]` for a null dataspace. What it may grow to stands behind it, if it does. */
export function readDataspace(cursor: Cursor): Dims {
  const version = cursor.version(1, 2);
  const rank = cursor.u8();
  cursor.skip(1);
  const isNull = version === 2 && cursor.u8() === 2;
  if (version === 1) cursor.skip(5);
  if (isNull) return [0];
  if (rank > MAX_RANK) throw formatError(`The HDF5 file is broken: a shape of ${rank} axes.`);
  return Array.from({ length: rank }, () => cursor.length());
}
