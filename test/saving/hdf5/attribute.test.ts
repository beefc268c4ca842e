/** Attributes of strings, written by hand after the file format specification (IV.A.2.m), and the heap of texts of any length (III.E). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAttributes } from "../../../src/saving/hdf5/attribute.ts";
import { further } from "../../../src/saving/hdf5/further.ts";
import { Hdf5File } from "../../../src/saving/hdf5/file.ts";
import type { Message } from "../../../src/saving/hdf5/object-header.ts";
import { Source } from "../../../src/saving/hdf5/source.ts";
import { hex } from "../hex.ts";
import { messageOf, u64 } from "./bytes-of.ts";

const ATTRIBUTE = 0x0c;
/** Texts of 3 bytes each. */
const TEXT_OF_3 = "13000000 03000000";
const TWO = `01 01 00 00 00000000 ${u64(2)}`;

function stringsOf(message: Message, name: string, file = new Source(new Uint8Array())): readonly string[] | undefined {
  return readAttributes([message], new Hdf5File(file)).get(name)?.strings();
}

test("version 1 pads name, type and shape to 8 bytes; version 3 does not", () => {
  const padded = `01 00 0200 0800 1000 6e00000000000000 ${TEXT_OF_3} ${TWO} 616200 78797a`;
  assert.deepEqual(stringsOf(messageOf(ATTRIBUTE, padded), "n"), ["ab", "xyz"]);
  const dense = `03 00 0200 0800 1000 01 6e00 ${TEXT_OF_3} ${TWO} 616200 78797a`;
  assert.deepEqual(stringsOf(messageOf(ATTRIBUTE, dense), "n"), ["ab", "xyz"]);
});

test("texts of any length lie in a heap, each once under its number", () => {
  const heap = `47434f4c 01 000000 ${u64(16 + 24 + 24 + 16)}
    0100 0100 00000000 ${u64(5)} 68656c6c6f000000
    0200 0100 00000000 ${u64(2)} c3bc000000000000
    0000 0000 00000000 ${u64(16)}`;
  const place = (length: number, index: number): string => `0${length}000000 ${u64(0)} 0${index}000000`;
  const message = messageOf(
    ATTRIBUTE,
    `03 00 0200 0800 1000 01 6e00 19010000 10000000 ${TWO} ${place(5, 1)} ${place(2, 2)}`,
  );
  const source = new Source(hex(heap));
  assert.deepEqual(stringsOf(message, "n", source), ["hello", "ü"]);
  const wrong = messageOf(ATTRIBUTE, `03 00 0200 0800 0400 01 6e00 19010000 10000000 02000000 ${place(3, 2)}`);
  assert.throws(() => stringsOf(wrong, "n", source), {
    code: "FormatError",
    message: "The HDF5 file is broken: a text of 3 bytes is not in the heap at 0.",
  });
});

test("more texts than the message has bytes for are refused, and texts that are numbers", () => {
  const short = `03 00 0200 0800 1000 01 6e00 ${TEXT_OF_3} ${TWO} 616200`;
  assert.throws(() => stringsOf(messageOf(ATTRIBUTE, short), "n"), {
    code: "FormatError",
    message: "The HDF5 file is broken: attribute 'n' of shape (2,) does not fit its message.",
  });
  const number = "03 00 0200 0c00 0400 01 6e00 10080000 01000000 0000 0800 02000000 05";
  assert.throws(() => stringsOf(messageOf(ATTRIBUTE, number), "n"), {
    code: "FormatError",
    message: "HDF5 attribute 'n' should hold text. It holds: int8",
  });
});

test("two attributes of one name, and attributes that several objects share, are refused", () => {
  const attribute = messageOf(ATTRIBUTE, `03 00 0200 0800 1000 01 6e00 ${TEXT_OF_3} ${TWO} 616200 78797a`);
  const file = new Hdf5File(new Source(new Uint8Array()));
  assert.throws(() => readAttributes([attribute, attribute], file), {
    code: "FormatError",
    message: "The HDF5 file is broken: an object has two attributes named 'n'.",
  });
  const shared = new Hdf5File(new Source(new Uint8Array()), further);
  assert.throws(() => readAttributes([messageOf(ATTRIBUTE, `03 01 ${u64(8)}`, true)], shared), {
    code: "UnsupportedError",
    message: "HDF5 files with a table of shared messages are not read.",
  });
});
