/** One HDF5 file, and what is asked of the part of the reader that plain files do not need: pages load that only for others. */
import type { Dims } from "../../core/shape.ts";
import type { Numbers } from "../bytes/numbers.ts";
import { GlobalHeaps } from "./global-heap.ts";
import type { Message } from "./object-header.ts";
import type { Cursor, Source } from "./source.ts";

/** Numbers of a type that JavaScript does not have. */
export interface OddNumbers {
  /** The size of an element in bytes. */
  readonly size: number;
  readonly convert: (bytes: Uint8Array) => Numbers;
}

export interface Further {
  /** The body of a message that several objects share, by the reference in its place. */
  shared(file: Hdf5File, reference: Cursor, type: number): Cursor;
  /** The messages that an object keeps in a heap of its own, by the addresses of the heap and of its index. */
  dense(source: Source, heap: number, index: number): Iterable<Cursor>;
  /** A way to the elements of a dataset that do not lie in one piece: chunks, or the fill value where nothing was written. */
  elements(file: Hdf5File, messages: readonly Message[], shape: Dims, size: number, path: string): () => Uint8Array;
  /** Undefined if the elements of the type are no numbers. */
  numbers(datatype: Cursor): OddNumbers | undefined;
}

/** Thrown where a file needs more than the reader of plain files. No caller of ours gets it: see read.ts and keras/load-weights.ts. */
export class FurtherNeeded extends Error {}

export class Hdf5File {
  readonly source: Source;
  readonly heaps: GlobalHeaps;
  readonly #further: Further | undefined;

  constructor(source: Source, further?: Further) {
    this.source = source;
    this.heaps = new GlobalHeaps(source);
    this.#further = further;
  }

  /** @throws FurtherNeeded if the file was opened without it. */
  get further(): Further {
    if (this.#further === undefined) throw new FurtherNeeded();
    return this.#further;
  }

  /** The body of a message, wherever it lies. */
  body(message: Message): Cursor {
    const cursor = message.open();
    return message.shared ? this.further.shared(this, cursor, message.type) : cursor;
  }
}
