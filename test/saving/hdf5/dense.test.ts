/** Version 2 B-trees and fractal heaps, written by hand after the file format specification (III.A.2, III.G): levels, circles, blocks of blocks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { recordsOf } from "../../../src/saving/hdf5/dense/btree2.ts";
import { FractalHeap } from "../../../src/saving/hdf5/dense/fractal-heap.ts";
import { Source } from "../../../src/saving/hdf5/source.ts";
import { hex } from "../hex.ts";
import { u64 } from "./bytes-of.ts";

/** A file of parts, each beginning at a multiple of 256. */
function fileOf(...parts: readonly string[]): Source {
  const bytes = new Uint8Array(parts.length * 256);
  for (const [i, part] of parts.entries()) bytes.set(hex(part), i * 256);
  return new Source(bytes);
}

/** Nodes of 64 bytes with records of one byte. */
function treeOf(depth: number, rootRecords: number): string {
  return `42544844 00 05 40000000 0100 0${depth}00 64 28 ${u64(256)} 0${rootRecords}00 ${u64(9)} 00000000`;
}

/** Inner nodes point at children with their number of records, and over other inner nodes of all below. */
const CHILD = (at: number, records: number, total = ""): string => `${u64(at)} 0${records} ${total}`;

test("records of a tree of two levels come in order", () => {
  const source = fileOf(
    treeOf(1, 1),
    `4254494e 00 05 33 ${CHILD(512, 2)} ${CHILD(768, 1)} 00000000`,
    "42544c46 00 05 1122 00000000",
    "42544c46 00 05 44 00000000",
  );
  assert.deepEqual(
    [...recordsOf(source, 0)].map((record) => record.u8()),
    [0x11, 0x22, 0x33, 0x44],
  );
});

test("a tree that leads back into itself, on a wrong level, or with no room for records is refused", () => {
  const circle = fileOf(treeOf(2, 1), `4254494e 00 05 33 ${CHILD(256, 1, "02")} ${CHILD(256, 1, "02")} 00000000`);
  assert.throws(() => [...recordsOf(circle, 0)], { code: "FormatError", message: /a B-tree leads back into itself/ });
  const level = fileOf(treeOf(1, 1), `4254494e 00 05 33 ${CHILD(256, 1)} ${CHILD(256, 1)} 00000000`);
  assert.throws(() => [...recordsOf(level, 0)], { code: "FormatError", message: /back into itself|should be at/ });
  const tiny = fileOf(treeOf(0, 1).replace("40000000", "0a000000"));
  assert.throws(() => [...recordsOf(tiny, 0)], { code: "FormatError", message: /no room for a record/ });
});

/** Two blocks a row, of 32 and at most 64 bytes; identifiers of 7 bytes with offsets of 4 and lengths of 1. */
function heapOf(root: number, rows: number): string {
  const none = u64(0);
  return `46524850 00 0700 0000 00 20000000 ${none} ffffffffffffffff ${none} ffffffffffffffff ${none.repeat(8)}
    0200 ${u64(32)} ${u64(64)} 2000 0100 ${u64(root)} 0${rows}00 00000000`;
}

function objectOf(source: Source, id: string): string {
  const file = new Source(new Uint8Array([...source.bytes, ...hex(id)]));
  const object = new FractalHeap(file, 0).object(file.from(source.bytes.length, "an identifier"));
  return Buffer.from(object.source.bytes.subarray(object.position, object.end)).toString("latin1");
}

test("objects of the root block, of a block in a row, and of those that are in their identifier", () => {
  const block = `46484442 00 ${u64(0)} 00000000 ${Buffer.from("hello").toString("hex")}`;
  assert.equal(objectOf(fileOf(heapOf(256, 0), block), "00 11000000 05 00"), "hello");
  // The second row's first block begins at 64 in the heap.
  const rows = `46484942 00 ${u64(0)} 00000000 ${u64(512)} ${u64(512)} ${u64(768)} ${u64(512)} 00000000`;
  assert.equal(objectOf(fileOf(heapOf(256, 2), rows, "00", block), "00 51000000 05 00"), "hello");
  assert.equal(objectOf(fileOf(heapOf(256, 0)), "21 6869 00000000"), "hi");
});

test("blocks of blocks that point at themselves end, and offsets beyond the heap are refused", () => {
  const itself = `46484942 00 ${u64(0)} 00000000 ${u64(256).repeat(12)} 00000000`;
  assert.throws(() => objectOf(fileOf(heapOf(256, 5), itself), "00 ff010000 05 00"), { code: "FormatError" });
  assert.throws(() => objectOf(fileOf(heapOf(256, 1), itself), "00 51000000 05 00"), {
    code: "FormatError",
    message: "The HDF5 file is broken: nothing is at 81 in a heap.",
  });
});
