/**
 * Seeded random numbers that any language can reproduce bit for bit: the hash of a name, advanced by a constant for every number and mixed
 * by fmix32 (MurmurHash3's finalizer). The tests' Python side computes the same values.
 */

/** The 32-bit FNV-1a hash of bytes, or of the UTF-8 bytes of a text. No change of a single byte leaves it as it was. */
export function fnv1a32(content: string | Uint8Array): number {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}

/** The number at position `index` of a stream: at least 0 and below 1. */
export function unitAt(stream: number, index: number): number {
  let h = (stream + Math.imul(index, 0x9e3779b9)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** `size` float32 values that are uniformly distributed between `lo` and `hi`. They depend on the name alone. */
export function uniform(name: string, size: number, lo: number, hi: number): Float32Array<ArrayBuffer> {
  const stream = fnv1a32(name);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = lo + (hi - lo) * unitAt(stream, i);
  return values;
}

/**
 * `size` float32 values from a normal distribution with the given mean and standard deviation (Box-Muller). If `truncated`, values more
 * than two standard deviations from the mean are drawn again. They depend on the name alone.
 */
export function normal(
  name: string,
  size: number,
  mean: number,
  deviation: number,
  truncated = false,
): Float32Array<ArrayBuffer> {
  const stream = fnv1a32(name);
  const values = new Float32Array(size);
  const limit = truncated ? 2 : Infinity;
  let draw = 0;
  for (let i = 0; i < size; i++) {
    let z: number;
    do {
      const radius = Math.sqrt(-2 * Math.log(1 - unitAt(stream, draw++)));
      z = radius * Math.cos(2 * Math.PI * unitAt(stream, draw++));
    } while (Math.abs(z) > limit);
    values[i] = mean + deviation * z;
  }
  return values;
}
