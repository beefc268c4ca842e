/**
 * NumPy's legacy generator, as far as Keras's data sets use it: `RandomState(seed).shuffle`. MT19937 of Matsumoto and Nishimura (1998),
 * seeded by `init_genrand`, so that the same files land in the same part as in Keras.
 */
import { valueError } from "../../../core/errors.ts";

const SIZE = 624;
const MIDDLE = 397;

export class RandomState {
  readonly #state = new Uint32Array(SIZE);
  #position = SIZE;

  /** @throws ValueError for what is no whole number from 0 to 2^32 - 1, in NumPy's words. */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw valueError(`Seed must be between 0 and 2**32 - 1. Received: seed=${seed}`);
    }
    let last = seed;
    this.#state[0] = last;
    for (let i = 1; i < SIZE; i++) {
      last = (Math.imul(1812433253, last ^ (last >>> 30)) + i) >>> 0;
      this.#state[i] = last;
    }
  }

  /** The next 32 bits. */
  next(): number {
    if (this.#position === SIZE) this.#twist();
    let y = this.#state[this.#position++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A whole number from 0 to `most`, each as likely: bits that give more are drawn again. */
  upTo(most: number): number {
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    let value: number;
    do value = (this.next() & mask) >>> 0;
    while (value > most);
    return value;
  }

  /** Where each of `count` things comes from after `shuffle`: Fisher and Yates, from the end. */
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
