/** Global heaps (HDF5 File Format Specification, III.E), which hold texts of variable length. */
import { formatError } from "../file-errors.ts";
import type { Cursor, Source } from "./source.ts";

interface Span {
  readonly start: number;
  readonly size: number;
}

/** The collections of a file, each read once. */
export class GlobalHeaps {
  readonly #source: Source;
  readonly #collections = new Map<number, ReadonlyMap<number, Span>>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** The text that a reference (length, collection, index) points at. */
  text(reference: Cursor): string {
    const length = reference.u32();
    const address = reference.address();
    const index = reference.u32();
    if (length === 0 || address === undefined) return "";
    const object = this.#collection(address).get(index);
    if (object === undefined || length > object.size) {
      throw formatError(`The HDF5 file is broken: a text of ${length} bytes is not in the heap at ${address}.`);
    }
    return this.#source.text(object.start, object.start + length);
  }

  #collection(address: number): ReadonlyMap<number, Span> {
    let objects = this.#collections.get(address);
    if (objects === undefined) {
      objects = this.#read(address);
      this.#collections.set(address, objects);
    }
    return objects;
  }

  #read(address: number): ReadonlyMap<number, Span> {
    const head = this.#source.from(address, "a global heap");
    head.signature("GCOL");
    head.version(1);
    head.skip(3);
    const cursor = this.#source.cursor(address, head.length(), "a global heap");
    // The head of a heap, and those of its objects, are filled up to eight bytes.
    const filling = (8 - (this.#source.lengthSize % 8)) % 8;
    cursor.skip(head.position - address + filling);
    const objects = new Map<number, Span>();
    const headSize = 8 + this.#source.lengthSize + filling;
    while (cursor.remaining >= headSize) {
      this.#source.spend();
      const index = cursor.u16();
      // Object 0 is the free space up to the end.
      if (index === 0) break;
      cursor.skip(6);
      const size = cursor.length();
      cursor.skip(filling);
      objects.set(index, { start: cursor.skip(size), size });
      cursor.skip(Math.min(cursor.remaining, (8 - (size % 8)) % 8));
    }
    return objects;
  }
}
