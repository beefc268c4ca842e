/** Fixed and extensible arrays of what an index has for each chunk (HDF5 File Format Specification, VII.C and D). */
import { formatError } from "../../file-errors.ts";
import type { Cursor, Source } from "../source.ts";

type Entry = readonly [index: number, entry: Cursor];

const CHECKSUM = 4;

/** The entries of a fixed array. */
export function* fixedArray(source: Source, address: number): Generator<Entry> {
  const header = source.from(address, "the index of a dataset");
  header.signature("FAHD");
  header.version(0);
  header.skip(1);
  const size = header.u8();
  const pageBits = header.u8();
  const count = header.length();
  const blockAt = header.address();
  checkEntry(source, size);
  if (blockAt === undefined) return;
  const block = source.from(blockAt, "the index of a dataset");
  block.signature("FADB");
  block.version(0);
  block.skip(1 + source.offsetSize);
  yield* elements(source, block, { count, size, pageSize: 2 ** pageBits, first: 0, pages: undefined });
}

function checkEntry(source: Source, size: number): void {
  if (size < source.offsetSize)
    throw formatError("The HDF5 file is broken: the entries of an index have no room for an address.");
}

interface Block {
  readonly count: number;
  /** The bytes of an entry. */
  readonly size: number;
  /** The entries of a page; a block of more is divided into pages. */
  readonly pageSize: number;
  /** The index of the first entry. */
  readonly first: number;
  /** Which pages were written, a bit for each, where that does not stand in the block itself. */
  readonly pages: Cursor | undefined;
}

/** The entries of a block whose head has been read: all in a row, or in pages of which only some were ever written. */
function* elements(source: Source, block: Cursor, { count, size, pageSize, first, pages }: Block): Generator<Entry> {
  if (count <= pageSize) {
    yield* row(source, block, count, size, first);
    return;
  }
  const pageCount = Math.ceil(count / pageSize);
  const written =
    pages ?? source.cursor(block.skip(Math.ceil(pageCount / 8)), Math.ceil(pageCount / 8), "the pages of an index");
  block.skip(CHECKSUM);
  for (let page = 0; page < pageCount; page++) {
    const start = page * pageSize;
    const length = Math.min(pageSize, count - start);
    if (isSet(written, page)) yield* row(source, block, length, size, first + start);
    else block.skip(length * size);
    if (page + 1 < pageCount) block.skip(CHECKSUM);
  }
}

function isSet(bits: Cursor, i: number): boolean {
  const byte = bits.source.bytes[bits.position + (i >> 3)] ?? 0;
  return (byte & (0x80 >> (i & 7))) !== 0;
}

function* row(source: Source, block: Cursor, count: number, size: number, first: number): Generator<Entry> {
  const start = block.skip(count * size);
  for (let i = 0; i < count; i++) yield [first + i, source.cursor(start + i * size, size, "an entry of an index")];
}

/** The entries of an extensible array: some in its index block, then blocks of entries, which double in number and in size by turns. */
export function* extensibleArray(source: Source, address: number): Generator<Entry> {
  const header = source.from(address, "the index of a dataset");
  header.signature("EAHD");
  header.version(0);
  header.skip(1);
  const size = header.u8();
  const bits = header.u8();
  const inIndex = header.u8();
  const smallest = header.u8();
  const leastPointers = header.u8();
  const pageBits = header.u8();
  header.skip(4 * source.lengthSize);
  const last = header.length();
  header.skip(source.lengthSize);
  const indexAt = header.address();
  const isPower = (n: number): boolean => n > 0 && (n & (n - 1)) === 0;
  checkEntry(source, size);
  if (!isPower(smallest) || !isPower(leastPointers) || bits > 64) {
    throw formatError("The HDF5 file is broken: the blocks of an index have no size.");
  }
  if (indexAt === undefined) return;
  const offsetWidth = Math.ceil(bits / 8);
  const index = source.from(indexAt, "the index of a dataset");
  index.signature("EAIB");
  index.version(0);
  index.skip(1 + source.offsetSize);
  yield* row(source, index, Math.min(inIndex, last), size, 0);
  index.skip(Math.max(0, inIndex - last) * size);
  // The smallest super blocks have no block of their own: the addresses of their blocks stand in the index block.
  const without = 2 * Math.log2(leastPointers);
  const superBlocks = 1 + bits - Math.log2(smallest);
  const addresses = source.cursor(index.position, index.remaining, "the index of a dataset");
  addresses.skip(2 * (leastPointers - 1) * source.offsetSize);
  let first = inIndex;
  for (let k = 0; k < superBlocks && first < last; k++) {
    source.spend();
    const blocks = 2 ** Math.floor(k / 2);
    const count = 2 ** Math.ceil(k / 2) * smallest;
    const pageSize = 2 ** pageBits;
    const pageBytes = count > pageSize ? Math.ceil(count / pageSize / 8) : 0;
    let pointers = index;
    let pages: Cursor | undefined;
    if (k >= without) {
      const at = addresses.address();
      if (at === undefined) {
        first += blocks * count;
        continue;
      }
      pointers = source.from(at, "the index of a dataset");
      pointers.signature("EASB");
      pointers.version(0);
      pointers.skip(1 + source.offsetSize + offsetWidth);
      pages = source.cursor(pointers.skip(blocks * pageBytes), blocks * pageBytes, "the pages of an index");
    }
    for (let b = 0; b < blocks && first < last; b++, first += count) {
      source.spend();
      const at = pointers.address();
      const own =
        pages === undefined ? undefined : source.cursor(pages.skip(pageBytes), pageBytes, "the pages of an index");
      if (at === undefined) continue;
      const block = source.from(at, "the index of a dataset");
      block.signature("EADB");
      block.version(0);
      block.skip(1 + source.offsetSize + offsetWidth);
      yield* elements(source, block, { count, size, pageSize, first, pages: own });
    }
  }
}
