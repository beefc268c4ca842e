/** The state of a training as bytes: plain values and float32 arrays, exact to the bit. */
import { MobileNetV2Error, messageOf } from "../../core/errors.ts";
import { fnv1a32 } from "../../core/random.ts";
import { isRecord } from "../../layers/arguments.ts";

/** A value in a saved state: a plain value, an array of float32, or a list or record of values. */
export type StateValue = number | string | boolean | null | Float32Array | readonly StateValue[] | StateRecord;

/** The values of a saved state by name. */
export interface StateRecord {
  readonly [name: string]: StateValue;
}

/**
 * The first bytes of a file. A checksum (uint32) of all that comes after it follows, the header's length (uint32), the header (JSON), and the
 * arrays; little-endian.
 */
const MAGIC = "MobileNetV2 training state 2\n";
const CHECKED = MAGIC.length + 4;
const PREFIX = CHECKED + 4;

/** The bytes of a state. In its JSON, arrays are replaced by their indices, and NaN, infinities and -0 by their names. */
export function encodeState(state: StateRecord): Uint8Array {
  const arrays: Float32Array[] = [];
  const plain = (value: StateValue): unknown => {
    if (value instanceof Float32Array) return { $array: arrays.push(value) - 1 };
    if (typeof value === "number") {
      if (Object.is(value, -0)) return { $number: "-0" };
      return Number.isFinite(value) ? value : { $number: String(value) };
    }
    if (isList(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  };
  const content = plain(state);
  const header = new TextEncoder().encode(JSON.stringify({ content, lengths: arrays.map(({ length }) => length) }));
  const values = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const bytes = new Uint8Array(PREFIX + header.length + values);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint32(CHECKED, header.length, true);
  bytes.set(header, PREFIX);
  let at = PREFIX + header.length;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  view.setUint32(MAGIC.length, fnv1a32(bytes.subarray(CHECKED)), true);
  return bytes;
}

/** The state from the bytes of a place, which the error names. @throws FormatError if they are incomplete, changed, or no state. */
export function stateFrom(bytes: Uint8Array, place: string): StateRecord {
  try {
    return decodeState(bytes);
  } catch (error) {
    throw new MobileNetV2Error("FormatError", `${place}: ${messageOf(error)} ${WAY_ON}`, { cause: error });
  }
}

/** What helps against a broken state. */
export const WAY_ON = "Remove it to begin anew.";

/** The state from its bytes. @throws FormatError if they are incomplete, changed, or not made by `encodeState`. */
export function decodeState(bytes: Uint8Array): StateRecord {
  const broken = (why: string): MobileNetV2Error =>
    new MobileNetV2Error("FormatError", `This is no whole training state: ${why}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREFIX || new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw broken("it begins otherwise");
  }
  if (view.getUint32(MAGIC.length, true) !== fnv1a32(bytes.subarray(CHECKED))) {
    throw broken("its checksum says that bytes are missing or were changed");
  }
  const start = PREFIX + view.getUint32(CHECKED, true);
  if (start > bytes.length) throw broken("its header is cut off");
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX, start)));
  } catch (error) {
    throw broken(messageOf(error));
  }
  if (!isRecord(header) || !Array.isArray(header["lengths"])) throw broken("its header says no lengths");
  const lengths: readonly unknown[] = header["lengths"];
  let at = start;
  const arrays = lengths.map((length) => {
    if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0 || at + length * 4 > bytes.length) {
      throw broken("its arrays are cut off");
    }
    const array = new Float32Array(bytes.slice(at, at + length * 4).buffer);
    at += length * 4;
    return array;
  });
  if (at !== bytes.length) throw broken("there is more than its header says");
  const revived = (value: unknown): StateValue => {
    if (Array.isArray(value)) return value.map(revived);
    if (!isRecord(value)) {
      if (value === null || typeof value === "number" || typeof value === "string" || typeof value === "boolean") {
        return value;
      }
      throw broken("it has values of an unknown kind");
    }
    if (typeof value["$number"] === "string") return Number(value["$number"]);
    if ("$array" in value) {
      const array = typeof value["$array"] === "number" ? arrays[value["$array"]] : undefined;
      if (array === undefined) throw broken("it names an array that it has not");
      return array;
    }
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revived(one)]));
  };
  return recordIn(revived({ content: header["content"] }), "content");
}

/** The number of a name in a state. @throws FormatError if there is none. */
export function numberIn(state: StateValue, name: string): number {
  const value = valueIn(state, name);
  if (typeof value === "number") return value;
  throw missing(name, "number");
}

/** The number or null of a name in a state. @throws FormatError if there is neither. */
export function numberOrNullIn(state: StateValue, name: string): number | null {
  return valueIn(state, name) === null ? null : numberIn(state, name);
}

/** The text of a name in a state. @throws FormatError if there is none. */
export function textIn(state: StateValue, name: string): string {
  const value = valueIn(state, name);
  if (typeof value === "string") return value;
  throw missing(name, "text");
}

/** The record of a name in a state. @throws FormatError if there is none. */
export function recordIn(state: StateValue, name: string): StateRecord {
  const value = valueIn(state, name);
  if (isState(value)) return value;
  throw missing(name, "record");
}

/** The list of a name in a state. @throws FormatError if there is none. */
export function listIn(state: StateValue, name: string): readonly StateValue[] {
  const value = valueIn(state, name);
  if (isList(value)) return value;
  throw missing(name, "list");
}

/** The list of numbers of a name in a state. @throws FormatError if there is none. */
export function numbersIn(state: StateValue, name: string): readonly number[] {
  return listIn(state, name).map((value) => {
    if (typeof value === "number") return value;
    throw missing(name, "list of numbers");
  });
}

/** The list of float32 arrays of a name in a state. @throws FormatError if there is none. */
export function arraysIn(state: StateValue, name: string): readonly Float32Array[] {
  return listIn(state, name).map((value) => {
    if (value instanceof Float32Array) return value;
    throw missing(name, "list of arrays");
  });
}

function valueIn(state: StateValue, name: string): StateValue | undefined {
  return isState(state) && Object.hasOwn(state, name) ? state[name] : undefined;
}

function missing(name: string, kind: string): MobileNetV2Error {
  return new MobileNetV2Error("FormatError", `The training state has no ${kind} named ${name}.`);
}

function isList(value: StateValue | undefined): value is readonly StateValue[] {
  return Array.isArray(value);
}

function isState(value: StateValue | undefined): value is StateRecord {
  return typeof value === "object" && value !== null && !isList(value) && !(value instanceof Float32Array);
}
