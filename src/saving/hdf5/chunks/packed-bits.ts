/** Filters that leave bits out: nbit keeps those of a type's precision, scaleoffset the distances from the least value (H5Znbit.c, H5Zscaleoffset.c). */

/** The size of what scaleoffset writes before the bits: their number for each value, the size of the least value, and itself. */
const SCALE_OFFSET_HEAD = 21;

/** Numbers of bits in a row, the first bit first. */
class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(count: number): bigint {
    let value = 0n;
    for (let left = count; left > 0;) {
      const within = this.#at & 7;
      const taken = Math.min(left, 8 - within);
      const byte = this.#bytes[this.#at >> 3] ?? 0;
      value = (value << BigInt(taken)) | BigInt((byte >> (8 - within - taken)) & ((1 << taken) - 1));
      this.#at += taken;
      left -= taken;
    }
    return value;
  }
}

/** Whether so many numbers of so many bits are there, and what is made of them is no more than `atMost` bytes. */
function fits(bytes: Uint8Array, bits: number, count: number, size: number, atMost: number): boolean {
  return size >= 1 && size <= 8 && bits <= size * 8 && count * size <= atMost && count * bits <= bytes.length * 8;
}

function write(out: Uint8Array, at: number, size: number, value: bigint, bigEndian: boolean): void {
  let rest = value;
  for (let i = 0; i < size; i++, rest >>= 8n) out[at + (bigEndian ? size - 1 - i : i)] = Number(rest & 255n);
}

/** The elements of a chunk with the bits that its type does not use as zeros; undefined if there are too few. */
export function unpackNbit(bytes: Uint8Array, atMost: number, values: readonly number[]): Uint8Array | undefined {
  const [, isPlain = 0, count = 0, kind = 0, size = 0, order = 0, precision = 0, offset = 0] = values;
  if (isPlain !== 0) return bytes;
  // Numbers, or bytes that are none: those are kept whole.
  const isNumber = kind === 1;
  if (!isNumber && kind !== 4) return undefined;
  const bits = isNumber ? precision : size * 8;
  if (!fits(bytes, bits, count, size, atMost) || bits + offset > size * 8) return undefined;
  const source = new Bits(bytes);
  const out = new Uint8Array(count * size);
  const shift = BigInt(isNumber ? offset : 0);
  const bigEndian = !isNumber || order === 1;
  for (let i = 0; i < count; i++) write(out, i * size, size, source.next(bits) << shift, bigEndian);
  return out;
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
  const fill = (BigInt(fillHigh) << 32n) | BigInt(fillLow);
  const source = new Bits(data);
  const out = new Uint8Array(count * size);
  const restored =
    scaling === 2 && kind === 0 ? integers(head) : scaling === 0 && kind === 1 ? floats(head, size, scale) : undefined;
  if (restored === undefined) return undefined;
  const missing = hasFill === 1 ? (1n << BigInt(bits)) - 1n : -1n;
  for (let i = 0; i < count; i++) {
    const distance = source.next(bits);
    write(out, i * size, size, distance === missing ? fill : restored(distance), order === 1);
  }
  return out;
}

function integers(head: DataView): (distance: bigint) => bigint {
  const least = head.getBigUint64(5, true);
  return (distance) => BigInt.asUintN(64, distance + least);
}

/** Floats with a number of decimal digits: their bits, from distances in units of the last digit. */
function floats(head: DataView, size: number, digits: number): ((distance: bigint) => bigint) | undefined {
  const bits = new DataView(new ArrayBuffer(8));
  // The number of digits is signed.
  const unit = 10 ** (digits | 0);
  if (size === 4) {
    const least = head.getFloat32(5, true);
    return (distance) => {
      bits.setFloat32(0, Math.fround(Number(distance) / Math.fround(unit)) + least);
      return BigInt(bits.getUint32(0));
    };
  }
  if (size !== 8) return undefined;
  const least = head.getFloat64(5, true);
  return (distance) => {
    bits.setFloat64(0, Number(distance) / unit + least);
    return bits.getBigUint64(0);
  };
}
