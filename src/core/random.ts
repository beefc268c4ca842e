/**
 * Seeded random numbers that any language can reproduce bit for bit: fmix32 (MurmurHash3's finalizer) of a hash of a
 * name plus a counter. The tests' Python side computes the same values.
 */

/** FNV-1a, 32 bits, over the UTF-8 bytes of a text. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** The `index`-th number of a stream, in [0, 1). */
export function unitAt(stream: number, index: number): number {
  let h = (stream + Math.imul(index, 0x9e3779b9)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** `size` float32 values, uniform in [lo, hi), that depend on the name alone. */
export function uniform(name: string, size: number, lo: number, hi: number): Float32Array<ArrayBuffer> {
  const stream = fnv1a32(name);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = lo + (hi - lo) * unitAt(stream, i);
  return values;
}

/** `size` float32 values, normal with the given mean and deviation (Box-Muller), redrawn outside two deviations if `truncated`. */
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
