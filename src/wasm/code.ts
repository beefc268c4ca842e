/** Bytes of the WebAssembly binary format (W3C core specification 2.0, section 5): LEB128 numbers, floats, names, vectors. */

export class Code {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  byte(...values: readonly number[]): void {
    for (const value of values) this.#bytes.push(value);
  }

  /** Unsigned LEB128, 32 bits. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes.push((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#bytes.push(rest);
  }

  /** Signed LEB128, 32 bits. */
  signed(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.#bytes.push((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.#bytes.push(rest & 0x7f);
  }

  float(value: number): void {
    this.byte(...new Uint8Array(Float32Array.of(value).buffer));
  }

  name(text: string): void {
    const utf8 = new TextEncoder().encode(text);
    this.unsigned(utf8.length);
    this.append(utf8);
  }

  append(bytes: Iterable<number>): void {
    for (const value of bytes) this.#bytes.push(value);
  }

  /** The bytes of `part` after their number: how the format writes bodies, sections and subsections. */
  sized(part: Code): void {
    this.unsigned(part.length);
    this.append(part.#bytes);
  }

  /** How many items there are, then each of them. */
  vector<T>(items: readonly T[], write: (item: T, index: number) => void): void {
    this.unsigned(items.length);
    for (const [index, item] of items.entries()) write(item, index);
  }

  /** A section or subsection: its number, its size, its content. */
  section(id: number, write: (section: Code) => void): void {
    const section = new Code();
    write(section);
    this.byte(id);
    this.sized(section);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}
