/** What files that are not plain need of the reader of HDF5: loaded when the first of them is read. */
import { formatError, unsupportedError } from "../file-errors.ts";
import { elementsOf } from "./chunks/elements.ts";
import { recordsOf } from "./dense/btree2.ts";
import { FractalHeap } from "./dense/fractal-heap.ts";
import type { Further, Hdf5File } from "./file.ts";
import { MessageType, readObjectHeader } from "./object-header.ts";
import { oddNumbers } from "./odd-numbers.ts";
import type { Cursor, Source } from "./source.ts";

export const further: Further = { shared, dense, elements: elementsOf, numbers: oddNumbers };

/** HDF5 File Format Specification, IV.A.2: a committed type has an object header of its own; other messages lie in a table of the file. */
function shared({ source }: Hdf5File, reference: Cursor, type: number): Cursor {
  const version = reference.version(1, 2, 3);
  const kind = reference.u8();
  if (version === 3 && kind !== 2) throw unsupportedError("HDF5 files with a table of shared messages are not read.");
  if (version === 1) reference.skip(6);
  const messages = readObjectHeader(source, reference.requiredAddress());
  const message = messages.find((candidate) => candidate.type === type);
  if (message === undefined || message.shared || type !== MessageType.datatype) {
    throw formatError("The HDF5 file is broken: a committed datatype is none.");
  }
  return message.open();
}

/** The identifiers in records of names stand at the end (of links) or at the beginning (of attributes). */
function* dense(source: Source, heapAt: number, index: number): Generator<Cursor> {
  const heap = new FractalHeap(source, heapAt);
  for (const record of recordsOf(source, index)) {
    const type = source.bytes[index + 5];
    if (type === 5) record.skip(4);
    yield heap.object(record);
  }
}
