/** Collects chunks of bytes in one array, whose size depends on what arrives more than on what the sender promises. */

import { MobileNetV2Error } from "../core/errors.ts";

const FIRST_CAPACITY = 1 << 16;
/** Up to this size a promised length is allocated at once; beyond it, the capacity doubles as chunks arrive. */
const TRUSTED_CAPACITY = 1 << 26;

/** Collects up to `maxBytes` bytes; `what` names their source in error messages. */
export class ByteCollector {
  readonly #maxBytes: number;
  readonly #what: string;
  #bytes = new Uint8Array(0);
  #length = 0;

  constructor(maxBytes: number, what: string) {
    this.#maxBytes = maxBytes;
    this.#what = what;
  }

  /** The number of bytes collected so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Reserves memory for a promised total.
   * @throws LimitError if it exceeds the limit.
   */
  expect(total: number): void {
    checkLimit(total, this.#maxBytes, this.#what);
    this.#reserve(Math.min(total, TRUSTED_CAPACITY));
  }

  /**
   * Adds a chunk.
   * @throws LimitError if the bytes are then more than `maxBytes`.
   */
  append(chunk: Uint8Array): void {
    const end = this.#length + chunk.length;
    checkLimit(end, this.#maxBytes, this.#what);
    if (end > this.#bytes.length) {
      this.#reserve(Math.min(Math.max(end, 2 * this.#bytes.length, FIRST_CAPACITY), this.#maxBytes));
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = end;
  }

  /** Forgets all bytes. */
  clear(): void {
    this.#length = 0;
  }

  /** The bytes collected so far, not copied; they may change when more are added. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(capacity: number): void {
    if (capacity <= this.#bytes.length) {
      return;
    }
    const grown = new Uint8Array(capacity);
    grown.set(this.view());
    this.#bytes = grown;
  }
}

/**
 * Checks a size in bytes against a limit.
 * @throws LimitError if `size` is more than `maxBytes`.
 */
export function checkLimit(size: number, maxBytes: number, what: string): void {
  if (size > maxBytes) {
    throw new MobileNetV2Error(
      "LimitError",
      `${what} has ${size} bytes or more, over the limit of ${maxBytes}. Raise \`maxBytes\` if that is meant.`,
    );
  }
}
