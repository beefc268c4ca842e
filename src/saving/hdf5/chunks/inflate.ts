/** Inflates zlib's format (RFC 1950 and 1951) while the caller waits, which the platforms' own streams cannot. */

const MAX_BITS = 15;
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** The order in which the lengths of the codes for lengths are written. */
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** What is wrong with packed data; it does not leave this file. */
class Broken extends Error {}

/** A Huffman code as a table over the next `bits` bits: the symbol, shifted by 4, and the length of its code; 0 where there is none. */
interface Code {
  readonly bits: number;
  readonly table: Uint16Array;
}

function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  counts[0] = 0;
  let bits = 1;
  const next = new Uint16Array(MAX_BITS + 2);
  let free = 1;
  for (let length = 1; length <= MAX_BITS; length++) {
    const count = counts[length] ?? 0;
    if (count > 0) bits = length;
    free = free * 2 - count;
    if (free < 0) throw new Broken("a code has too many symbols");
    next[length + 1] = ((next[length] ?? 0) + count) << 1;
  }
  const table = new Uint16Array(1 << bits);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    let code = next[length] ?? 0;
    next[length] = code + 1;
    // Codes come with their first bit first, numbers with their last.
    let reversed = 0;
    for (let i = 0; i < length; i++, code >>= 1) reversed = (reversed << 1) | (code & 1);
    for (let at = reversed; at < table.length; at += 1 << length) table[at] = (symbol << 4) | length;
  }
  return { bits, table };
}

const FIXED_LITERALS = new Uint8Array(288).map((_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
const FIXED_DISTANCES = new Uint8Array(30).fill(5);

class Inflater {
  readonly #packed: Uint8Array;
  readonly #out: Uint8Array;
  #at: number;
  #buffer = 0;
  #held = 0;
  length = 0;

  /** The checksum that stands behind the stream. */
  get checksum(): number {
    // Whole bytes that were taken for bits go back.
    const at = this.#at - (this.#held >> 3);
    if (at + 4 > this.#packed.length) throw new Broken("they end early");
    return new DataView(this.#packed.buffer, this.#packed.byteOffset + at, 4).getUint32(0);
  }

  constructor(packed: Uint8Array, start: number, out: Uint8Array) {
    this.#packed = packed;
    this.#at = start;
    this.#out = out;
  }

  run(): void {
    for (let last = false; !last;) {
      last = this.#bits(1) === 1;
      const kind = this.#bits(2);
      if (kind === 0) this.#stored();
      else if (kind === 1) this.#block(codeOf(FIXED_LITERALS), codeOf(FIXED_DISTANCES));
      else if (kind === 2) this.#dynamic();
      else throw new Broken("a block of no kind that there is");
    }
  }

  #bits(count: number): number {
    while (this.#held < count) {
      if (this.#at >= this.#packed.length) throw new Broken("they end early");
      this.#buffer |= (this.#packed[this.#at++] ?? 0) << this.#held;
      this.#held += 8;
    }
    const value = this.#buffer & ((1 << count) - 1);
    this.#buffer >>>= count;
    this.#held -= count;
    return value;
  }

  #symbol({ bits, table }: Code): number {
    while (this.#held < bits && this.#at < this.#packed.length) {
      this.#buffer |= (this.#packed[this.#at++] ?? 0) << this.#held;
      this.#held += 8;
    }
    const entry = table[this.#buffer & ((1 << bits) - 1)] ?? 0;
    const length = entry & 15;
    if (length === 0 || length > this.#held) throw new Broken("a code that stands for nothing");
    this.#buffer >>>= length;
    this.#held -= length;
    return entry >> 4;
  }

  #stored(): void {
    // Whole bytes that were taken for bits go back.
    this.#at -= this.#held >> 3;
    this.#buffer = 0;
    this.#held = 0;
    const size = this.#bits(16);
    if ((this.#bits(16) ^ 0xffff) !== size) throw new Broken("a block of two lengths");
    const end = this.#at + size;
    if (end > this.#packed.length) throw new Broken("they end early");
    this.#reserve(size);
    this.#out.set(this.#packed.subarray(this.#at, end), this.length);
    this.length += size;
    this.#at = end;
  }

  #dynamic(): void {
    const literals = this.#bits(5) + 257;
    const distances = this.#bits(5) + 1;
    const count = this.#bits(4) + 4;
    const ofLengths = new Uint8Array(19);
    for (let i = 0; i < count; i++) ofLengths[CODE_ORDER[i] ?? 0] = this.#bits(3);
    const code = codeOf(ofLengths);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length;) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw new Broken("a length that repeats nothing");
      const repeated = symbol === 16 ? (lengths[i - 1] ?? 0) : 0;
      const times = symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7);
      if (i + times > lengths.length) throw new Broken("too many lengths");
      lengths.fill(repeated, i, i + times);
      i += times;
    }
    this.#block(codeOf(lengths.subarray(0, literals)), codeOf(lengths.subarray(literals)));
  }

  #block(literals: Code, distances: Code): void {
    const out = this.#out;
    for (;;) {
      const symbol = this.#symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        this.#reserve(1);
        out[this.length++] = symbol;
        continue;
      }
      const length = (LENGTH_BASE[symbol - 257] ?? NaN) + this.#bits(LENGTH_EXTRA[symbol - 257] ?? 0);
      const far = this.#symbol(distances);
      const distance = (DISTANCE_BASE[far] ?? NaN) + this.#bits(DISTANCE_EXTRA[far] ?? 0);
      if (!(length > 0 && distance <= this.length)) throw new Broken("a copy of what was not there");
      this.#reserve(length);
      // Byte by byte: a copy may overlap what it makes.
      let to = this.length;
      for (const end = to + length; to < end; to++) out[to] = out[to - distance] ?? 0;
      this.length = to;
    }
  }

  #reserve(size: number): void {
    if (this.length + size > this.#out.length) throw new Broken("they unpack to more");
  }
}

/** The sums wrap so late that they are exact for so many bytes. */
const BYTES_BETWEEN_MODULOS = 5552;

function adler32(bytes: Uint8Array): number {
  let [first, second] = [1, 0];
  for (let start = 0; start < bytes.length; start += BYTES_BETWEEN_MODULOS) {
    const end = Math.min(bytes.length, start + BYTES_BETWEEN_MODULOS);
    for (let i = start; i < end; i++) {
      first += bytes[i] ?? 0;
      second += first;
    }
    first %= 65521;
    second %= 65521;
  }
  return second * 65536 + first;
}

/** The unpacked bytes, at most `atMost`; undefined if the data are broken (their checksum too) or are more. */
export function inflateZlib(packed: Uint8Array, atMost: number): Uint8Array | undefined {
  const [method = 0, flags = 0] = packed;
  if ((method & 15) !== 8 || (method * 256 + flags) % 31 !== 0 || (flags & 32) !== 0) return undefined;
  const out = new Uint8Array(atMost);
  const inflater = new Inflater(packed, 2, out);
  try {
    inflater.run();
    const content = out.subarray(0, inflater.length);
    return inflater.checksum === adler32(content) ? content : undefined;
  } catch (error) {
    if (error instanceof Broken) return undefined;
    throw error;
  }
}
