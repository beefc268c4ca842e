/** Numbers of any number of bits in a row, the first bit first, as filters that leave bits out write them. */

/** Thrown where there are no more bits. */
export class EndOfBits extends Error {}

export class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next number of at most 32 bits. @throws EndOfBits */
  small(count: number): number {
    if (this.#at + count > this.#bytes.length * 8) throw new EndOfBits();
    let value = 0;
    let left = count;
    while (left > 0) {
      const within = this.#at & 7;
      const taken = Math.min(left, 8 - within);
      const byte = this.#bytes[this.#at >> 3] ?? 0;
      value = value * 2 ** taken + ((byte >> (8 - within - taken)) & ((1 << taken) - 1));
      this.#at += taken;
      left -= taken;
    }
    return value;
  }

  /** The next number of at most 64 bits. @throws EndOfBits */
  large(count: number): bigint {
    const high = this.small(Math.max(0, count - 32));
    return (BigInt(high) << 32n) | BigInt(this.small(Math.min(count, 32)));
  }

  /** The number of zeros before the next one, which is passed. @throws EndOfBits */
  zeros(): number {
    let count = 0;
    while (this.small(1) === 0) count++;
    return count;
  }
}
