/**
 * NumPy's `RandomState(seed).shuffle`, so that a split has the same files as in Keras: MT19937 (Matsumoto and Nishimura 1998), seeded by
 * `init_genrand`.
 */
import { show, valueError } from "../../../core/errors.ts";

const SIZE = 624;
const MIDDLE = 397;

/** A generator that gives NumPy's random numbers for the same seed. */
export class RandomState {
  readonly #state = new Uint32Array(SIZE);
  #position = SIZE;

  /** @throws ValueError, in NumPy's words, if the seed is not a whole number from 0 to 2^32 - 1. */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw valueError(`Seed must be between 0 and 2**32 - 1. Received: seed=${show(seed)}`);
    }
    let last = seed;
    this.#state[0] = last;
    for (let i = 1; i < SIZE; i++) {
      last = (Math.imul(1812433253, last ^ (last >>> 30)) + i) >>> 0;
      this.#state[i] = last;
    }
  }

  /** The next 32 random bits. */
  next(): number {
    if (this.#position === SIZE) this.#twist();
    let y = this.#state[this.#position++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A random whole number from 0 to `most`, uniformly distributed: bits that give more are drawn again. */
  upTo(most: number): number {
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    let value: number;
    do value = (this.next() & mask) >>> 0;
    while (value > most);
    return value;
  }

  /** The index that each of `count` elements comes from after `shuffle` (Fisher and Yates, from the end). */
  permutation(count: number): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.upTo(i);
      const [a, b] = [order[i] ?? 0, order[j] ?? 0];
      order[i] = b;
      order[j] = a;
    }
    return order;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < SIZE; i++) {
      const y = ((state[i] ?? 0) & 0x80000000) | ((state[(i + 1) % SIZE] ?? 0) & 0x7fffffff);
      state[i] = (state[(i + MIDDLE) % SIZE] ?? 0) ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908b0df);
    }
    this.#position = 0;
  }
}
