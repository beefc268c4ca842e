/** Protocol buffers (encoding of proto3): reads the fields of a message, one level at a time, and writes them. */
import { formatError } from "../file-errors.ts";

/** A field as it stands in a message: a number for the wire types 0, 1 and 5, bytes for 2. */
export interface Field {
  readonly number: number;
  readonly wire: 0 | 1 | 2 | 5;
  /** The value of a varint, its 64 bits taken as a signed integer; 0 for the other wire types. */
  readonly integer: number;
  /** The content of a field with a length, or the bytes of a fixed one; empty for a varint. */
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array();

/** The fields of a message in order. @throws FormatError if it is truncated or broken. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const reader = { bytes: message, at: 0 };
  while (reader.at < message.length) {
    const tag = varint(reader);
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number < 1 || number >= 2 ** 29) throw broken("a field has no valid number");
    if (wire === 0) {
      yield { number, wire, integer: varint(reader), bytes: NOTHING };
    } else if (wire === 1 || wire === 2 || wire === 5) {
      const length = wire === 2 ? varint(reader) : wire === 1 ? 8 : 4;
      if (length < 0 || length > message.length - reader.at) throw broken("a field is longer than what is left");
      yield { number, wire, integer: 0, bytes: message.subarray(reader.at, reader.at + length) };
      reader.at += length;
    } else {
      throw broken(`a field has the wire type ${wire}`);
    }
  }
}

/** The integers in a field that may repeat: one, or several that are packed. */
export function* integersOf(field: Field): Generator<number> {
  if (field.wire === 0) yield field.integer;
  else if (field.wire !== 2) throw broken("a list of integers has another type");
  const reader = { bytes: field.bytes, at: 0 };
  while (reader.at < field.bytes.length) yield varint(reader);
}

/** A float32. */
export function floatOf(field: Field): number {
  if (field.wire !== 5) throw broken("a float has another type");
  return new DataView(field.bytes.buffer, field.bytes.byteOffset, 4).getFloat32(0, true);
}

/** A text. @throws FormatError if it is not UTF-8. */
export function textOf(field: Field): string {
  if (field.wire !== 2) throw broken("a text has another type");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(field.bytes);
  } catch (error) {
    throw formatError("The file is broken: a text in it is not UTF-8.", { cause: error });
  }
}

/** A message within a message. */
export function messageOf(field: Field): Uint8Array {
  if (field.wire !== 2) throw broken("a message has another type");
  return field.bytes;
}

function broken(problem: string): Error {
  return formatError(`The file is truncated or broken: ${problem}.`);
}

/** Reads 64 bits in groups of 7 as a signed integer; beyond 2^53 it is not exact. */
function varint(reader: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw broken("a number is cut off");
    // The tenth byte has the sign: two's complement of 64 bits.
    if (shift === 63) {
      if (byte > 1) throw broken("a number has more than 64 bits");
      return byte === 1 ? Number(BigInt.asIntN(64, exact(reader.bytes, reader.at - 10))) : value;
    }
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
  throw broken("a number has more than 64 bits");
}

/** The number in ten bytes, as a negative one takes, exactly. */
function exact(bytes: Uint8Array, start: number): bigint {
  return bytes.subarray(start, start + 10).reduceRight((value, byte) => (value << 7n) | BigInt(byte & 127), 0n);
}

/** Writes a message, field by field. Parts are kept as they are until all bytes are asked for. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  get byteLength(): number {
    return this.#length;
  }

  integer(number: number, value: number): this {
    return this.#tag(number, 0).#varint(value);
  }

  integers(number: number, values: readonly number[]): this {
    const packed = new MessageWriter();
    for (const value of values) packed.#varint(value);
    return this.message(number, packed);
  }

  float(number: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#tag(number, 5).#append(bytes);
  }

  text(number: number, value: string): this {
    return this.bytes(number, new TextEncoder().encode(value));
  }

  bytes(number: number, value: Uint8Array): this {
    return this.#tag(number, 2).#varint(value.length).#append(value);
  }

  message(number: number, message: MessageWriter): this {
    this.#tag(number, 2).#varint(message.#length);
    for (const part of message.#parts) this.#append(part);
    return this;
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #tag(number: number, wire: number): this {
    return this.#varint(number * 8 + wire);
  }

  #varint(value: number): this {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    do {
      bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
      rest >>= 7n;
    } while (rest > 0n);
    return this.#append(Uint8Array.from(bytes));
  }

  #append(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }
}
