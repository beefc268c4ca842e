/** Version 2 B-trees (HDF5 File Format Specification, III.A.2): records of one size, in nodes of one size. */
import { uintOf } from "../further-source.ts";
import { formatError } from "../../file-errors.ts";
import type { Cursor, Source } from "../source.ts";

/** Signature, version, type and checksum of a node. */
const NODE_OVERHEAD = 10;

/** The bytes that it takes to write numbers up to `limit`. */
function widthOf(limit: number): number {
  return Math.floor(Math.log2(Math.max(1, limit)) / 8) + 1;
}

interface Level {
  /** The bytes of a child's number of all records below it; 0 for leaves. */
  readonly totalWidth: number;
  readonly mostTotal: number;
}

/** Every record of the tree, in order. Levels fall by one from node to node, so that depth is bounded. */
export function* recordsOf(source: Source, address: number): Generator<Cursor> {
  const header = source.from(address, "a B-tree");
  header.signature("BTHD");
  header.version(0);
  header.skip(1);
  const nodeSize = header.u32();
  const recordSize = header.u16();
  const depth = header.u16();
  header.skip(2);
  const root = header.address();
  const count = header.u16();
  if (root === undefined || count === 0) return;
  const room = nodeSize - NODE_OVERHEAD;
  const mostInLeaf = recordSize === 0 ? 0 : Math.floor(room / recordSize);
  if (mostInLeaf < 1) throw formatError("The HDF5 file is broken: the nodes of a B-tree have no room for a record.");
  const countWidth = widthOf(mostInLeaf);
  const levels: Level[] = [{ totalWidth: 0, mostTotal: mostInLeaf }];
  for (let level = 1; level <= depth; level++) {
    source.spend();
    const below = levels[level - 1] ?? { totalWidth: 0, mostTotal: 0 };
    const pointer = source.offsetSize + countWidth + below.totalWidth;
    const most = Math.floor((room - pointer) / (recordSize + pointer));
    const mostTotal = (most + 1) * below.mostTotal + most;
    if (most < 1 || mostTotal > Number.MAX_SAFE_INTEGER) {
      throw formatError("The HDF5 file is broken: the nodes of a B-tree have no room for a record.");
    }
    levels.push({ totalWidth: widthOf(mostTotal), mostTotal });
  }
  const seen = new Set<number>();
  function* node(at: number, records: number, level: number): Generator<Cursor> {
    if (seen.has(at)) throw formatError("The HDF5 file is broken: a B-tree leads back into itself.");
    seen.add(at);
    const cursor = source.from(at, "a node of a B-tree");
    cursor.signature(level === 0 ? "BTLF" : "BTIN");
    cursor.version(0);
    cursor.skip(1);
    const first = cursor.skip(records * recordSize);
    const record = (i: number): Cursor => source.cursor(first + i * recordSize, recordSize, "a record of a B-tree");
    if (level === 0) {
      for (let i = 0; i < records; i++) yield record(i);
      return;
    }
    for (let i = 0; i <= records; i++) {
      const child = cursor.requiredAddress();
      const childRecords = uintOf(cursor, countWidth);
      cursor.skip(levels[level - 1]?.totalWidth ?? 0);
      yield* node(child, childRecords, level - 1);
      if (i < records) yield record(i);
    }
  }
  yield* node(root, count, depth);
}
