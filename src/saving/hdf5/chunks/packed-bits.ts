/** Filters that leave bits out: nbit keeps those of a type's precision, scaleoffset the distances from the least value (H5Znbit.c, H5Zscaleoffset.c). */

import { Bits } from "./bits.ts";

/** The size of what scaleoffset writes before the bits: their number for each value, the size of the least value, and itself. */
const SCALE_OFFSET_HEAD = 21;

/** Writes elements one after the other. */
class Elements {
  readonly bytes: Uint8Array;
  readonly #size: number;
  readonly #bigEndian: boolean;
  readonly #scratch = new Uint8Array(8);
  readonly #view = new DataView(this.#scratch.buffer);
  #at = 0;

  constructor(count: number, size: number, bigEndian: boolean) {
    this.bytes = new Uint8Array(count * size);
    this.#size = size;
    this.#bigEndian = bigEndian;
  }

  small(value: number): void {
    this.#view.setUint32(0, value, true);
    this.#write();
  }

  large(value: bigint): void {
    this.#view.setBigUint64(0, value, true);
    this.#write();
  }

  #write(): void {
    const size = this.#size;
    for (let i = 0; i < size; i++) {
      this.bytes[this.#at + (this.#bigEndian ? size - 1 - i : i)] = this.#scratch[i] ?? 0;
    }
    this.#at += size;
  }
}

/** Whether so many numbers of so many bits are there, and what is made of them is no more than `atMost` bytes. */
function fits(bytes: Uint8Array, bits: number, count: number, size: number, atMost: number): boolean {
  return size >= 1 && size <= 8 && bits <= size * 8 && count * size <= atMost && count * bits <= bytes.length * 8;
}

/** The elements of a chunk with the bits that its type does not use as zeros; undefined if there are too few. */
export function unpackNbit(bytes: Uint8Array, atMost: number, values: readonly number[]): Uint8Array | undefined {
  const [, isPlain = 0, count = 0, kind = 0, size = 0, order = 0, precision = 0, offset = 0] = values;
  if (isPlain !== 0) return bytes;
  // Numbers, or bytes that are none: those are kept whole.
  const isNumber = kind === 1;
  if (!isNumber && kind !== 4) return undefined;
  const bits = isNumber ? precision : size * 8;
  const shift = isNumber ? offset : 0;
  if (!fits(bytes, bits, count, size, atMost) || bits + shift > size * 8) return undefined;
  const source = new Bits(bytes);
  const elements = new Elements(count, size, !isNumber || order === 1);
  for (let i = 0; i < count; i++) {
    if (bits + shift <= 32) elements.small(source.small(bits) * 2 ** shift);
    else elements.large(source.large(bits) << BigInt(shift));
  }
  return elements.bytes;
}

/** The elements of a chunk from their distances to the least; undefined if there are too few, or if they are scaled in an unknown way. */
export function unpackScaleOffset(
  bytes: Uint8Array,
  atMost: number,
  values: readonly number[],
): Uint8Array | undefined {
  const [scaling = 0, scale = 0, count = 0, kind = 0, size = 0, , order = 0, hasFill = 0, fillLow = 0, fillHigh = 0] =
    values;
  if (bytes.length < SCALE_OFFSET_HEAD) return undefined;
  const head = new DataView(bytes.buffer, bytes.byteOffset, SCALE_OFFSET_HEAD);
  const bits = head.getUint32(0, true);
  const data = bytes.subarray(SCALE_OFFSET_HEAD);
  if (!fits(data, bits, count, size, atMost)) return undefined;
  // Where nothing can be saved, the elements stand as they are.
  if (bits === size * 8) return data.subarray(0, count * size);
  const source = new Bits(data);
  const elements = new Elements(count, size, order === 1);
  // The number of all ones stands for the fill value, if there is one.
  if (size <= 4) {
    const restored = smallOf(head, scaling, kind, size, scale);
    if (restored === undefined) return undefined;
    const missing = hasFill === 1 ? 2 ** bits - 1 : -1;
    for (let i = 0; i < count; i++) {
      const distance = source.small(bits);
      elements.small(distance === missing ? fillLow : restored(distance));
    }
    return elements.bytes;
  }
  const restored = largeOf(head, scaling, kind, size, scale);
  if (restored === undefined) return undefined;
  const missing = hasFill === 1 ? (1n << BigInt(bits)) - 1n : -1n;
  const fill = (BigInt(fillHigh) << 32n) | BigInt(fillLow);
  for (let i = 0; i < count; i++) {
    const distance = source.large(bits);
    elements.large(distance === missing ? fill : restored(distance));
  }
  return elements.bytes;
}

/** The two kinds of scaling: floats with a number of decimal digits, and integers. */
const DIGITS = 0;
const INTEGERS = 2;

/** The bits of an element of at most 4 bytes from its distance to the least one. */
function smallOf(
  head: DataView,
  scaling: number,
  kind: number,
  size: number,
  digits: number,
): ((distance: number) => number) | undefined {
  if (scaling === INTEGERS && kind === 0) {
    const least = head.getUint32(5, true);
    return (distance) => distance + least;
  }
  if (scaling !== DIGITS || kind !== 1 || size !== 4) return undefined;
  const least = head.getFloat32(5, true);
  // The number of digits is signed.
  const unit = Math.fround(10 ** (digits | 0));
  const bits = new DataView(new ArrayBuffer(4));
  return (distance) => {
    bits.setFloat32(0, Math.fround(distance / unit) + least);
    return bits.getUint32(0);
  };
}

/** The same for elements of up to 8 bytes. */
function largeOf(
  head: DataView,
  scaling: number,
  kind: number,
  size: number,
  digits: number,
): ((distance: bigint) => bigint) | undefined {
  if (scaling === INTEGERS && kind === 0) {
    const least = head.getBigUint64(5, true);
    return (distance) => BigInt.asUintN(64, distance + least);
  }
  if (scaling !== DIGITS || kind !== 1 || size !== 8) return undefined;
  const least = head.getFloat64(5, true);
  const unit = 10 ** (digits | 0);
  const bits = new DataView(new ArrayBuffer(8));
  return (distance) => {
    bits.setFloat64(0, Number(distance) / unit + least);
    return bits.getBigUint64(0);
  };
}
