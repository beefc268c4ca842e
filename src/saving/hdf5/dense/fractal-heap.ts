/** Fractal heaps (HDF5 File Format Specification, III.G): messages of objects that have many, by an identifier each. */
import { uintOf } from "../further-source.ts";
import { formatError, unsupportedError } from "../../file-errors.ts";
import { recordsOf } from "./btree2.ts";
import type { Cursor, Source } from "../source.ts";

/** The kinds of objects, in the identifier's first byte. */
const MANAGED = 0;
const HUGE = 1;
const TINY = 2;

export class FractalHeap {
  readonly #source: Source;
  readonly #idLength: number;
  readonly #offsetWidth: number;
  readonly #lengthWidth: number;
  readonly #hugeTree: number | undefined;
  readonly #width: number;
  readonly #firstSize: number;
  /** The number of rows whose blocks hold objects; those of later rows hold blocks. */
  readonly #directRows: number;
  readonly #root: number | undefined;
  readonly #rows: number;
  #huge: ReadonlyMap<number, { readonly start: number; readonly size: number }> | undefined;

  constructor(source: Source, address: number) {
    this.#source = source;
    const header = source.from(address, "a fractal heap");
    header.signature("FRHP");
    header.version(0);
    this.#idLength = header.u16();
    if (header.u16() !== 0) throw unsupportedError("HDF5 heaps that are compressed are not read.");
    header.skip(1);
    const mostManaged = header.u32();
    header.length();
    this.#hugeTree = header.address();
    header.skip(source.lengthSize + source.offsetSize + 8 * source.lengthSize);
    this.#width = header.u16();
    this.#firstSize = header.length();
    const mostDirect = header.length();
    const bits = header.u16();
    header.skip(2);
    this.#root = header.address();
    this.#rows = header.u16();
    if (this.#width < 1 || this.#firstSize < 1 || mostDirect < this.#firstSize || bits > 64) {
      throw formatError("The HDF5 file is broken: a fractal heap has blocks of no size.");
    }
    this.#offsetWidth = Math.ceil(bits / 8);
    this.#lengthWidth = Math.min(
      Math.ceil(Math.log2(mostDirect) / 8),
      Math.floor(Math.log2(Math.max(1, mostManaged)) / 8) + 1,
    );
    this.#directRows = Math.log2(mostDirect / this.#firstSize) + 2;
  }

  /** The object whose identifier the cursor stands at; the cursor moves behind it. */
  object(at: Cursor): Cursor {
    const id = this.#source.cursor(at.skip(this.#idLength), this.#idLength, "an identifier in a heap");
    const first = id.u8();
    const kind = (first >> 4) & 3;
    if (kind === MANAGED) {
      const offset = uintOf(id, this.#offsetWidth);
      const length = uintOf(id, this.#lengthWidth);
      return this.#source.cursor(this.#placeOf(offset), length, "an object of a heap");
    }
    if (kind === HUGE) return this.#hugeObject(id);
    if (kind === TINY) {
      const length = this.#idLength <= 17 ? (first & 15) + 1 : (first & 15) * 256 + id.u8() + 1;
      return this.#source.cursor(id.skip(length), length, "an object of a heap");
    }
    throw formatError("The HDF5 file is broken: an object of a heap is of no kind that there is.");
  }

  #hugeObject(id: Cursor): Cursor {
    const source = this.#source;
    if (id.remaining >= source.offsetSize + source.lengthSize) {
      return source.cursor(id.requiredAddress(), id.length(), "a large object of a heap");
    }
    const found = this.#hugeObjects().get(uintOf(id, Math.min(source.lengthSize, id.remaining)));
    if (found === undefined) throw formatError("The HDF5 file is broken: a large object is not in its heap.");
    return source.cursor(found.start, found.size, "a large object of a heap");
  }

  #hugeObjects(): ReadonlyMap<number, { readonly start: number; readonly size: number }> {
    if (this.#huge === undefined) {
      const huge = new Map<number, { readonly start: number; readonly size: number }>();
      if (this.#hugeTree !== undefined) {
        for (const record of recordsOf(this.#source, this.#hugeTree)) {
          const start = record.requiredAddress();
          const size = record.length();
          huge.set(record.length(), { start, size });
        }
      }
      this.#huge = huge;
    }
    return this.#huge;
  }

  /** Where in the file an offset in the heap lies: in the root block, or down through blocks of blocks, which have fewer rows each time. */
  #placeOf(offset: number): number {
    const source = this.#source;
    let block = this.#root;
    let rows = this.#rows;
    let start = 0;
    while (rows > 0 && block !== undefined) {
      const cursor = source.from(block, "a block of a heap");
      cursor.signature("FHIB");
      cursor.version(0);
      cursor.skip(source.offsetSize + this.#offsetWidth);
      const relative = offset - start;
      const firstRow = this.#width * this.#firstSize;
      const row = relative < firstRow ? 0 : Math.floor(Math.log2(relative / firstRow)) + 1;
      const size = this.#firstSize * 2 ** Math.max(0, row - 1);
      const rowStart = row === 0 ? 0 : firstRow * 2 ** (row - 1);
      if (row >= rows) break;
      const column = Math.floor((relative - rowStart) / size);
      cursor.skip((row * this.#width + column) * source.offsetSize);
      block = cursor.address();
      start += rowStart + column * size;
      rows = row < this.#directRows ? 0 : Math.min(row, Math.floor(Math.log2(size / firstRow)) + 1);
    }
    if (rows > 0 || block === undefined) {
      throw formatError(`The HDF5 file is broken: nothing is at ${offset} in a heap.`);
    }
    source.from(block, "a block of a heap").signature("FHDB");
    return block + (offset - start);
  }
}
