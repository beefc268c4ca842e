/** Writes bytes in the WebAssembly binary format (W3C core specification 2.0, section 5): LEB128 numbers, floats, names, vectors. */

/** A growing array of bytes. */
export class Code {
  #bytes = new Uint8Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Writes single bytes. */
  byte(...values: readonly number[]): void {
    this.#reserve(values.length);
    for (const value of values) this.#bytes[this.#length++] = value;
  }

  /** Writes a 32-bit number as unsigned LEB128. */
  unsigned(value: number): void {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Writes a 32-bit number as signed LEB128. */
  signed(value: number): void {
    this.#reserve(5);
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    this.#bytes[this.#length++] = rest & 0x7f;
  }

  /** Writes a float32. */
  float(value: number): void {
    this.append(new Uint8Array(Float32Array.of(value).buffer));
  }

  /** Writes a text: the number of its bytes, then the bytes in UTF-8. */
  name(text: string): void {
    const utf8 = new TextEncoder().encode(text);
    this.unsigned(utf8.length);
    this.append(utf8);
  }

  /** Writes bytes as they are. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes the number of bytes of `part`, then the bytes, as the format has bodies, sections and subsections. */
  sized(part: Code): void {
    this.unsigned(part.length);
    this.append(part.#written());
  }

  /** Writes the number of items, then each of them. */
  vector<T>(items: readonly T[], write: (item: T, index: number) => void): void {
    this.unsigned(items.length);
    for (const [index, item] of items.entries()) write(item, index);
  }

  /** Writes a section or subsection: its number, its size, its content. */
  section(id: number, write: (section: Code) => void): void {
    const section = new Code();
    write(section);
    this.byte(id);
    this.sized(section);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#written().slice();
  }

  #written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + bytes));
    larger.set(this.#written());
    this.#bytes = larger;
  }
}
