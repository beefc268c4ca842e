/** Szip, the adaptive entropy coding of CCSDS 121.0-B-3 as libaec's szip interface has it: blocks of residuals, each coded in the way that suits it. */

import { Bits, EndOfBits } from "./bits.ts";

/** Bits of the options. */
const BIG_ENDIAN = 16;
const PREDICTED = 32;
/** The number of zero blocks that stands for all up to the end of a segment, which has at most 64 blocks. */
const REST_OF_SEGMENT = 5;
const SEGMENT = 64;
/** The largest code of a pair in the second extension. */
const MAX_PAIR = 90;

interface Coding {
  /** The bits of a sample: at most 16. */
  readonly bits: number;
  readonly blockSize: number;
  /** The number of blocks after which a sample stands as it is again. */
  readonly interval: number;
  readonly predicted: boolean;
}

/** The unpacked bytes, at most `atMost`; undefined if the data are broken or are more. */
export function unpackSzip(
  packed: Uint8Array,
  atMost: number,
  [options = 0, blockSize = 0, pixelBits = 0, line = 0]: readonly number[],
): Uint8Array | undefined {
  if (packed.length < 4 || blockSize < 1 || blockSize > 64 || line < 1 || pixelBits < 1) return undefined;
  const size = new DataView(packed.buffer, packed.byteOffset, 4).getUint32(0, true);
  // Pixels of 4 and of 8 bytes are coded byte by byte: all first bytes, then all second ones, …
  const planes = pixelBits === 32 || pixelBits === 64 ? pixelBits / 8 : 1;
  const bits = planes > 1 ? 8 : pixelBits;
  if (bits > 16 || size > atMost) return undefined;
  const sampleSize = Math.ceil(bits / 8);
  const interval = Math.ceil(line / blockSize);
  const paddedLine = interval * blockSize;
  const samples = Math.floor(size / sampleSize);
  const lines = Math.ceil(samples / line);
  // Lines are filled up to whole blocks.
  const total = paddedLine === line ? samples : lines * paddedLine;
  if (total * sampleSize > 2 * atMost + 64) return undefined;
  try {
    const coding = { bits, blockSize, interval, predicted: (options & PREDICTED) !== 0 };
    const values = decoded(new Bits(packed.subarray(4)), total, coding);
    const bytes = new Uint8Array(size);
    for (let i = 0; i < samples; i++) {
      const value = values[Math.floor(i / line) * paddedLine + (i % line)] ?? 0;
      for (let k = 0; k < sampleSize; k++) {
        const at = (options & BIG_ENDIAN) === 0 ? k : sampleSize - 1 - k;
        bytes[i * sampleSize + at] = value >> (8 * k);
      }
    }
    return planes === 1 ? bytes : interleaved(bytes, planes);
  } catch (error) {
    if (error instanceof EndOfBits) return undefined;
    throw error;
  }
}

function interleaved(bytes: Uint8Array, planes: number): Uint8Array {
  const count = Math.floor(bytes.length / planes);
  const out = new Uint8Array(bytes);
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < count; i++) out[i * planes + plane] = bytes[plane * count + i] ?? 0;
  }
  return out;
}

function decoded(source: Bits, total: number, coding: Coding): Uint16Array {
  const { blockSize, interval, predicted, bits } = coding;
  const values = new Uint16Array(total);
  for (let start = 0; start < total; start += interval * blockSize) {
    const residuals = readInterval(source, Math.min(interval * blockSize, total - start), coding);
    let last = residuals[0] ?? 0;
    for (let i = 0; i < residuals.length; i++) {
      const residual = residuals[i] ?? 0;
      last = predicted && i > 0 ? restored(last, residual, bits) : residual;
      values[start + i] = last;
    }
  }
  return values;
}

/** A sample from the one before it: residuals alternate between above and below, as far as there is room on both sides. */
function restored(last: number, residual: number, bits: number): number {
  const most = 2 ** bits - 1;
  const room = last > most >> 1 ? most - last : last;
  const half = (residual >> 1) + (residual & 1);
  if (half <= room) return last + ((residual & 1) === 0 ? residual >> 1 : -half);
  return last > most >> 1 ? most - residual : residual;
}

/** The residuals of the blocks up to the next sample that stands as it is. What a block has beyond them falls off the array. */
function readInterval(source: Bits, count: number, { bits, blockSize, interval, predicted }: Coding): Uint16Array {
  const out = new Uint16Array(count);
  const idBits = bits > 8 ? 4 : 3;
  for (let at = 0; at < count;) {
    const start = at;
    const end = at + blockSize;
    const id = source.small(idBits);
    const inPairs = id === 0 && source.small(1) === 1;
    const isPlain = id === 2 ** idBits - 1;
    if (predicted && at === 0 && !isPlain) out[at++] = source.small(bits);
    if (isPlain) {
      while (at < end) out[at++] = source.small(bits);
    } else if (id > 0) {
      const low = id - 1;
      for (let i = at; i < end; i++) out[i] = source.zeros() * 2 ** low;
      for (; at < end; at++) out[at] = (out[at] ?? 0) + source.small(low);
    } else if (inPairs) {
      while (at < end) {
        const [one, other] = pairOf(source.zeros());
        if (at % 2 === 0) out[at++] = one;
        out[at++] = other;
      }
    } else {
      const block = start / blockSize;
      const zeros = source.zeros() + 1;
      const rest = Math.min(interval - block, SEGMENT - (block % SEGMENT));
      const blocks = zeros === REST_OF_SEGMENT ? rest : zeros > REST_OF_SEGMENT ? zeros - 1 : zeros;
      at = (block + blocks) * blockSize;
    }
  }
  return out;
}

/** The pairs of small numbers, by their sum and then by the second one. */
function pairOf(code: number): readonly [number, number] {
  if (code > MAX_PAIR) throw new EndOfBits();
  const sum = Math.floor((Math.sqrt(8 * code + 1) - 1) / 2);
  const second = code - (sum * (sum + 1)) / 2;
  return [sum - second, second];
}
